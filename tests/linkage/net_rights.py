"""Who may call which route of the household net: the table, and calls that are right but for who
calls.

Whoever adds a route of the registry, of devices, maintenance or ledgers adds its line here; the
tests of `test_web_net_rights.py` walk over the router and find any that has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.linkage.registry_room import GROUP, HOME
from tests.linkage.web_house import EAST

READERS = "duty shift dispatcher head auditor admin"
EDITORS = "shift head admin"
UNMASKERS = "duty shift head admin"
TESTERS = "duty shift head"
BOOKKEEPERS = "duty shift head auditor admin"
GROUP_TEST = "held-in-the-east"


@dataclass(frozen=True)
class Line:
    """One route: who may, by the user names of `ROLES`; what to send; where."""

    who: str
    thing: str | None = None
    """The east village's thing that `{id}` is; another village's caller must get 404."""
    body: Mapping[str, Any] | None = None
    query: str = ""
    machine: bool = False
    """A machine of the same role may too."""
    leaves: tuple[int, ...] = field(default=(200, 201, 204))
    """What it may answer to whoever may; 409 where an earlier line has done it already."""


NET_MAY: dict[str, Line] = {
    "GET /api/v1/registry/tree": Line(READERS, machine=True),
    "GET /api/v1/registry/coverage": Line(READERS, machine=True),
    "GET /api/v1/registry/villages/{id}": Line(READERS, EAST, machine=True),
    "PUT /api/v1/registry/villages/{id}": Line(EDITORS, EAST, {"name": "东村"}),
    "PUT /api/v1/registry/grids/{id}": Line(
        EDITORS, f"{EAST}-g1", {"village": EAST, "name": "东村网格"}
    ),
    "PUT /api/v1/registry/estates/{id}": Line(
        EDITORS, f"{EAST}-e1", {"village": EAST, "name": "花园小区"}
    ),
    "GET /api/v1/registry/estates/{id}": Line(READERS, f"{EAST}-e1", machine=True),
    "POST /api/v1/registry/estates/{id}/unmask": Line(UNMASKERS, f"{EAST}-e1", {"reason": "核对"}),
    "GET /api/v1/registry/groups/{id}": Line(READERS, GROUP, machine=True),
    "PUT /api/v1/registry/groups/{id}": Line(
        EDITORS, GROUP, {"grid": f"{EAST}-g1", "name": "东村3组"}
    ),
    "POST /api/v1/registry/groups/{id}/move": Line(EDITORS, GROUP, {"grid": f"{EAST}-g1"}),
    "POST /api/v1/registry/groups/{id}/split": Line(
        EDITORS,
        GROUP,
        {"into": {"id": "split-1", "name": "拆"}, "households": [f"{EAST}-018"]},
        leaves=(200, 409),
    ),
    "POST /api/v1/registry/groups/{id}/merge": Line(
        EDITORS, f"{EAST}-t4", {"into": GROUP}, leaves=(200, 409)
    ),
    "GET /api/v1/registry/households": Line(READERS, machine=True),
    "GET /api/v1/registry/households/{id}": Line(READERS, HOME, machine=True),
    "PUT /api/v1/registry/households/{id}": Line(
        EDITORS, HOME, {"group": GROUP, "label": "3组017号"}
    ),
    "POST /api/v1/registry/households/{id}/unmask": Line(UNMASKERS, HOME, {"reason": "核对"}),
    "POST /api/v1/registry/households/{id}/move": Line(EDITORS, HOME, {"group": GROUP}),
    "POST /api/v1/registry/households/{id}/leave": Line(EDITORS, HOME, leaves=(200, 409)),
    "GET /api/v1/registry/households/{id}/export": Line(EDITORS, HOME),
    "GET /api/v1/registry/directory/{id}": Line(EDITORS, EAST, query="reason=核对"),
    "GET /api/v1/registry/directory/{id}.pdf": Line(EDITORS, EAST, query="reason=核对"),
    # what is sent here is no sheet
    "POST /api/v1/registry/import": Line(EDITORS, body={}, leaves=(415,)),
    "GET /api/v1/registry/template.xlsx": Line(EDITORS),
    "GET /api/v1/registry/export.xlsx": Line(EDITORS, query="reason=核对"),
    "GET /api/v1/registry/villages.csv": Line(EDITORS),
    "GET /api/v1/registry/households.csv": Line(EDITORS),
    "GET /api/v1/registry/devices.csv": Line(EDITORS),
    "GET /api/v1/maintenance-orders": Line("duty shift head auditor admin", machine=True),
    "GET /api/v1/maintenance-orders/{id}": Line(
        "duty shift head auditor admin", "order-1", machine=True
    ),
    "GET /api/v1/maintenance-orders/{id}/owners": Line("duty shift head admin", "order-1"),
    "POST /api/v1/maintenance-orders/{id}/assign": Line(
        "duty shift head admin", "order-1", {"owner": "nobody"}, leaves=(409,)
    ),
    "POST /api/v1/maintenance-orders/{id}/done": Line(
        "duty shift head admin", "order-1", {"note": "换电池"}
    ),
    "POST /api/v1/registry/households/{id}/erase": Line(
        "admin", HOME, {"reason": "本人要求"}, leaves=(200, 409)
    ),
    **{
        f"GET /api/v1/ledgers/{name}": Line(BOOKKEEPERS, machine=True)
        for ledger in ("device-tests", "untested", "group-tests", "drills")
        for name in (f"{ledger}.xlsx", f"{ledger}/print")
    },
    **{
        f"GET /api/v1/appraisal{rest}": Line(BOOKKEEPERS, machine=True)
        for rest in ("", ".csv", ".xlsx", "/print", "/sources")
    },
    "POST /api/v1/appraisal/visits": Line(
        TESTERS, body={"household": HOME, "said": "按钮挂得太低"}
    ),
    "GET /api/v1/ledgers/device-tests": Line(BOOKKEEPERS, machine=True),
    "GET /api/v1/ledgers/untested": Line(BOOKKEEPERS, machine=True),
    "POST /api/v1/ledgers/untested/remind": Line(TESTERS, body={"group": GROUP}),
    "GET /api/v1/group-tests": Line(BOOKKEEPERS, machine=True),
    "GET /api/v1/group-tests/{id}": Line(BOOKKEEPERS, GROUP_TEST, machine=True),
    # nobody of this group has a button
    "POST /api/v1/group-tests": Line(TESTERS, body={"group": GROUP}, leaves=(409,)),
}
