"""The words of zones as a camera has them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from camerad.errors import BadZone
from camerad.model import Point, Zone, ZoneKind
from camerad.zone_entries import parse_duration_s, zones_of

MOST_ZONES = 24
MOST_CORNERS = 60
LONGEST_NAME = 64
SHORTEST_DWELL_S, LONGEST_DWELL_S = 1.0, 3600.0
_DIGITS = 4


@dataclass(frozen=True)
class KeptZone:
    """A zone as it was said; None: it leaves that out, and the site's default holds."""

    name: str
    kind: ZoneKind
    polygon: tuple[Point, ...]
    dwell_s: float | None = None
    min_height: float | None = None
    armed: str | None = None
    armed_days_off: str | None = None

    def entry(self) -> dict[str, object]:
        """As the zones file says it; what is left out is left out."""
        said: dict[str, object] = {
            "name": self.name,
            "kind": self.kind.value,
            "polygon": [list(corner) for corner in self.polygon],
            "dwell": None if self.dwell_s is None else f"{self.dwell_s:g}s",
            "min_height": self.min_height,
            "armed": self.armed,
            "armed_days_off": self.armed_days_off,
        }
        return {key: value for key, value in said.items() if value is not None}


def kept_of(entries: Sequence[Mapping[str, Any]]) -> tuple[KeptZone, ...]:
    """The zones of one camera, judged, in the order of their names. Raises BadZone."""
    if len(entries) > MOST_ZONES:
        raise BadZone(
            "zones",
            f"一台摄像机最多 {MOST_ZONES} 个防区",
            f"a camera has at most {MOST_ZONES} zones",
            MOST_ZONES,
        )
    zones = zones_of(entries, needs_dwell=False)
    kept = [_kept(*both, number) for number, both in enumerate(zip(zones, entries, strict=True))]
    return tuple(sorted(kept, key=lambda zone: zone.name))


def _kept(zone: Zone, entry: Mapping[str, Any], number: int) -> KeptZone:
    name = zone.name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise BadZone(
            "name",
            f"名称最多 {LONGEST_NAME} 字，不含换行等控制字符",
            f"a name has at most {LONGEST_NAME} characters, all of them printable",
            number,
        )
    if len(zone.polygon) > MOST_CORNERS:
        raise BadZone(
            "polygon",
            f"最多 {MOST_CORNERS} 个角",
            f"a polygon has at most {MOST_CORNERS} corners",
            number,
        )
    if zone.dwell_s is not None and not SHORTEST_DWELL_S <= zone.dwell_s <= LONGEST_DWELL_S:
        raise BadZone(
            "dwell", "停留时间为 1 秒到 1 小时", "a dwell is between 1 s and an hour", number
        )
    dwell = entry.get("dwell")
    return KeptZone(
        name,
        zone.kind,
        tuple((round(x, _DIGITS), round(y, _DIGITS)) for x, y in zone.polygon),
        None if dwell is None else parse_duration_s(dwell),
        zone.min_height,
        _bare(entry.get("armed")),
        _bare(entry.get("armed_days_off")),
    )


def _bare(hours: str | None) -> str | None:
    return None if hours is None else re.sub(r"\s", "", hours)
