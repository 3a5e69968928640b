"""The console's files. Public: they hold the sign-in page and no data.

The folder is looked through once, at the start; only what was found then is ever served.
"""

import re
from mimetypes import guess_type
from pathlib import Path

from aiohttp import web

from linkage.web.problems import not_found
from linkage.web.routing import Access, Route

_NOT_BUILT = (
    "控制台页面尚未生成，请运行 make console 后重新启动。\n"
    "The console has not been built: run “make console” and start again.\n"
)
_NOT_PAGES = ("api/", "assets/")
# Vite puts eight characters of the content's hash into the names it makes; icons keep theirs
_HASHED = re.compile(r"assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
_COMPRESSED = (".br", ".gz")
"""Made by the build, beside the file itself; aiohttp sends the one that the browser takes."""


class ConsoleFiles:
    """The built console; `index.html` answers every path that is a page of the app."""

    def __init__(self, folder: Path) -> None:
        found = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file() and path.resolve().is_relative_to(folder.resolve())
        }
        self._files = {name: path for name, path in found.items() if path.suffix not in _COMPRESSED}
        self._varying = {
            name for name in self._files if any(name + end in found for end in _COMPRESSED)
        }

    async def serve(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info["path"]
        if wanted.startswith(_NOT_PAGES) and wanted not in self._files:
            raise not_found()
        if "index.html" not in self._files:
            return web.Response(status=503, text=_NOT_BUILT, headers={"Retry-After": "30"})
        name = wanted if wanted in self._files else "index.html"
        kind, _ = guess_type(name)
        lasting = "public, max-age=31536000, immutable"
        headers = {
            "Cache-Control": lasting if _HASHED.fullmatch(name) else "no-cache",
            "Content-Type": kind or "application/octet-stream",
        }
        if name in self._varying:
            # also where the browser takes none: what lies between keeps one for each
            headers["Vary"] = "Accept-Encoding"
        return web.FileResponse(self._files[name], headers=headers)

    def routes(self) -> tuple[Route, ...]:
        """To be declared last: it takes every path that is left."""
        return (
            Route(
                "GET",
                "/{path:.*}",
                self.serve,
                Access.PUBLIC,
                "The console's pages",
                documented=False,
            ),
        )
