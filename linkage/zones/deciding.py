"""What a new set of zones changes, and which pictures it would uncover. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from camerad.model import ZoneKind
from linkage.zones.model import KeptZone


@dataclass(frozen=True)
class ZoneChanges:
    """Between two versions of a camera's zones, by name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    @property
    def said(self) -> tuple[str, str]:
        """In Chinese and in English."""
        zh = [
            f"{word}{'、'.join(names)}"
            for word, names in (
                ("新增 ", self.added), ("删除 ", self.removed), ("改动 ", self.changed),
            )
            if names
        ]  # fmt: skip
        en = [
            f"{word} {', '.join(names)}"
            for word, names in (
                ("added", self.added), ("removed", self.removed), ("changed", self.changed),
            )
            if names
        ]  # fmt: skip
        return "，".join(zh) or "没有改动", ", ".join(en) or "nothing changed"


def changes(old: Sequence[KeptZone], new: Sequence[KeptZone]) -> ZoneChanges:
    """What became of each zone."""
    before = {zone.name: zone for zone in old}
    after = {zone.name: zone for zone in new}
    return ZoneChanges(
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name, zone in after.items() if before.get(name, zone) != zone),
    )


def uncovered(old: Sequence[KeptZone], new: Sequence[KeptZone]) -> tuple[str, ...]:
    """The privacy zones that would hide otherwise than they do: taken away or drawn anew. One that
    only has another name hides the same; one that was drawn larger counts too, since nobody can
    say from its corners alone that nothing of it is left open."""
    hidden = {zone.polygon for zone in new if zone.kind is ZoneKind.PRIVACY}
    return tuple(
        zone.name for zone in old if zone.kind is ZoneKind.PRIVACY and zone.polygon not in hidden
    )
