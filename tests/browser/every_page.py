"""Every page of the console: where it is, who opens it, what shows that it is there.

For whoever visits all of them: the test of what everybody can read, and `make screenshots`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("zh", "en")
THEMES = ("dark", "light")


@dataclass(frozen=True)
class Stop:
    """A page. `{things}` of the path are filled in from what the town has."""

    path: str
    who: str = "shift"
    """A user name; the shift leader sees most."""

    def at(self, things: Mapping[str, str]) -> str:
        return self.path.format_map(things)


PAGES: dict[str, Stop] = {
    "board": Stop("/"),
    "incident": Stop("/incidents/{incident}"),
    "closed": Stop("/closed"),
    "duty": Stop("/duty"),
    "duty-settings": Stop("/duty/settings"),
    "quiet": Stop("/quiet"),
    "ledger": Stop("/drills/{drill}"),
    "plans": Stop("/plans"),
    "devices": Stop("/devices/{device}"),
    "labels": Stop("/labels"),
    "maintenance": Stop("/maintenance"),
    "ledgers": Stop("/ledgers"),
    "appraisal": Stop("/appraisal"),
    "exports": Stop("/exports"),
    "cameras": Stop("/cameras"),
    "cameras-wall": Stop("/cameras/wall"),
    "cameras-looks": Stop("/cameras/looks"),
    "cameras-adopt": Stop("/cameras/adopt"),
    "camera-zones": Stop("/cameras/{camera}/zones"),
    "map": Stop("/map"),
    "households": Stop("/registry"),
    "registry-group": Stop("/registry/groups/{group}"),
    "registry-household": Stop("/registry/households/{household}"),
    "registry-villages": Stop("/registry/villages"),
    "registry-village": Stop("/registry/villages/{village}"),
    "registry-estate": Stop("/registry/estates/{estate}"),
    "registry-coverage": Stop("/registry/coverage"),
    "registry-directory": Stop("/registry/directory"),
    "registry-import": Stop("/registry/sheets"),
    "me": Stop("/me"),
    "accounts": Stop("/accounts", "admin"),
    "audit": Stop("/audit"),
    "health": Stop("/health", "admin"),
    "policy": Stop("/policy", "admin"),
    "not-found": Stop("/nowhere"),
}
"""By the route's name in console/src/router.ts."""
