"""A photograph that somebody adds to an incident: the body is the file as it is."""

from aiohttp import web

from linkage.accounts.rights import Permission
from linkage.custody.desk import Who
from linkage.custody.errors import NoSuchEntry, NotPossible
from linkage.custody.photographs import LARGEST
from linkage.errors import EvidenceNotKept
from linkage.web.answering import answer
from linkage.web.custody_views import Made
from linkage.web.guard import PORTS, caller_of
from linkage.web.problems import Problem, not_found
from linkage.web.routing import Route

_JPEG = "image/jpeg"


async def add(request: web.Request) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    if request.content_type != _JPEG:
        raise Problem(415, "请发送 JPEG 照片 / send a JPEG as the body, as image/jpeg.")
    who = Who(
        caller.principal.username, caller.principal.places, caller.principal.unit, caller.address
    )
    name = caller.principal.display_name
    try:
        made = await ports.photographs.keep(
            who, name, request.match_info["id"], await _body(request)
        )
    except NoSuchEntry as gone:
        raise not_found() from gone
    except NotPossible as refused:
        raise Problem(409, str(refused)) from refused
    except EvidenceNotKept as failed:
        raise Problem(
            503, f"照片没能保存，请再试 / the photograph could not be kept: {failed}."
        ) from failed
    return answer(Made(id=made), 201)


async def _body(request: web.Request) -> bytes:
    """The whole body. Raises Problem 413 as soon as it is too large."""
    content = bytearray()
    async for chunk in request.content.iter_chunked(256 * 1024):
        content += chunk
        if len(content) > LARGEST:
            most = LARGEST >> 20
            raise Problem(413, f"照片超过 {most} MB / the photograph is larger than {most} MB.")
    return bytes(content)


ROUTES = (
    Route(
        "POST",
        "/api/v1/incidents/{id}/photographs",
        add,
        Permission.INCIDENT_NOTE,
        "Add a photograph to an incident; the body is the JPEG, at most 8 MB",
        answers={201: Made},
    ),
)
