"""The demo's own page: every household's button, to be pressed by a visitor."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from aiohttp import web

from alarms.model import PRESS_KINDS
from alarms.simulator import SimulatedButton
from linkage.demo.town import DemoButton

_PAGE = Path(__file__).parent / "button_page.html"
_KEPT = 6


class _PressOrder(msgspec.Struct):
    device: str
    kind: str = "panic"
    silent: bool = False


def button_page(
    made: Sequence[DemoButton], buttons: Mapping[str, SimulatedButton]
) -> web.Application:
    """An application of its own, on a port of its own: no part of the console."""

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE, headers={"Cache-Control": "no-cache"})

    async def town(_request: web.Request) -> web.Response:
        return web.json_response([_household(one) for one in made])

    async def faces(request: web.Request) -> web.Response:
        group = request.query.get("group")
        shown = [one.credentials.device for one in made if one.group == group]
        return web.json_response({device: _face(buttons[device]) for device in shown})

    async def press(request: web.Request) -> web.Response:
        # a form of another site cannot send this header
        if request.headers.get("X-Requested-With") != "lianfang":
            raise web.HTTPForbidden(text="X-Requested-With: lianfang is missing")
        try:
            order = msgspec.json.decode(await request.read(), type=_PressOrder)
        except msgspec.MsgspecError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        button = buttons.get(order.device)
        if button is None or order.kind not in {kind.value for kind in PRESS_KINDS}:
            raise web.HTTPBadRequest(text="no such button, or no such kind")
        outcome = await button.press(order.kind, silent=order.silent)
        return web.json_response({"state": outcome.state, "alarm": outcome.alarm})

    app = web.Application(client_max_size=4096)
    app.add_routes(
        [
            web.get("/", page),
            web.get("/town", town),
            web.get("/faces", faces),
            web.post("/press", press),
        ]
    )
    return app


def _household(one: DemoButton) -> dict[str, str]:
    return {
        "device": one.credentials.device,
        "label": one.household_label,
        "group": one.group,
        "group_name": one.group_name,
        "village": one.village,
        "village_name": one.village_name,
    }


def _face(button: SimulatedButton) -> dict[str, object]:
    zh, en = button.face.label
    return {
        "face": button.face.value,
        "zh": zh,
        "en": en,
        "notices": [
            {"from": notice.from_, "phrase": notice.phrase}
            for notice in button.shown_notices[-_KEPT:]
        ],
        "replies": [reply.state for reply in button.history[-_KEPT:]],
    }
