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


class ConsoleFiles:
    """The built console; `index.html` answers every path that is a page of the app."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file() and path.resolve().is_relative_to(folder.resolve())
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
        caching = lasting if _HASHED.fullmatch(name) else "no-cache"
        return web.FileResponse(
            self._files[name],
            headers={
                "Cache-Control": caching,
                "Content-Type": kind or "application/octet-stream",
            },
        )

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
