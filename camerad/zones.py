"""Reading the zones file: strict, and every complaint says how to mend it.

The file is the one of `lianfang analyze --zones`. What one zone may say is judged in
`camerad.zone_entries`, what it means is in `camerad.model`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camerad.errors import BadZone, BadZones
from camerad.model import ArmedHours, Zone, ZoneKind
from camerad.zone_entries import nearest, parse_armed, with_days_off, zones_of


def load_zones(path: Path) -> tuple[Zone, ...]:
    """The zones in a TOML file. Raises BadZones."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadZones(f"{path}: no such file; give a TOML file with [[zone]] tables.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadZones(f"{path} cannot be read as a text file: {error}.") from error
    return parse_zones(text, source=str(path))


def parse_zones(text: str, *, source: str) -> tuple[Zone, ...]:
    """The zones in TOML `text`; `source` names it in complaints. Raises BadZones."""
    entries = entries_in(text, source=source)
    try:
        return tuple(zones_of(entries))
    except BadZone as wrong:
        raise BadZones(f"{_place(source, wrong.number, entries)}: {wrong.en}.") from wrong


def entries_in(text: str, *, source: str) -> Sequence[Mapping[str, Any]]:
    """The [[zone]] tables, not judged yet. Raises BadZones."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadZones(f"{source} is not valid TOML: {error}.") from error
    for key in document:
        if key != "zone":
            raise BadZones(f"{source}: unknown key {key!r}{nearest(key, ['zone'])}.")
    entries = document.get("zone", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise BadZones(f"{source}: write each zone as a table [[zone]], with double brackets.")
    if not entries:
        raise BadZones(f"{source} holds no zone; add at least one [[zone]] table.")
    return entries


_WATCHING = frozenset({ZoneKind.MOTION, ZoneKind.LOITER})


@dataclass(frozen=True)
class ZoneWords:
    """What a zone says besides its name and place; None: it leaves it out."""

    kind: ZoneKind
    dwell_s: float | None = None
    min_height: float | None = None
    armed: str | None = None
    armed_days_off: str | None = None

    @property
    def hours(self) -> ArmedHours | None:
        """Raises ValueError."""
        off = None if self.armed_days_off is None else parse_armed(self.armed_days_off)
        return with_days_off(None if self.armed is None else parse_armed(self.armed), off)


@dataclass(frozen=True)
class ZoneDefaults:
    """What holds where a zone does not say otherwise, each key by itself."""

    dwell_s: float = 20.0
    min_height: float | None = None
    armed: str | None = None
    """As `parse_armed` takes it; None: always."""
    armed_days_off: str | None = None
    """None: as `armed`."""

    def filled(self, said: ZoneWords) -> ZoneWords:
        """With what it leaves out; zones in which nothing is looked for leave nothing out."""
        if said.kind not in _WATCHING:
            return said
        is_loiter = said.kind is ZoneKind.LOITER
        return ZoneWords(
            said.kind,
            self.dwell_s if said.dwell_s is None and is_loiter else said.dwell_s,
            self.min_height if said.min_height is None else said.min_height,
            said.armed or self.armed,
            said.armed_days_off or self.armed_days_off,
        )


def _place(source: str, number: int, entries: Sequence[Mapping[str, Any]]) -> str:
    name = entries[number].get("name")
    is_named = isinstance(name, str) and name
    return f"{source}: zone {name!r}" if is_named else f"{source}: zone {number + 1}"
