"""What the API says of devices; keys and passwords are in none of these shapes."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from linkage.enrolment.changing import RevokeReason
from linkage.enrolment.desk import Made
from linkage.enrolment.listing import DevicePage, ShownDevice
from linkage.registry.history import HistoryEntry
from linkage.registry.model import Said
from linkage.web.answering import moment, moment_or_none

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class DeviceBody(Struct, forbid_unknown_fields=True):
    kind: str = "button"
    household: Id | None = None
    group: Id | None = None
    unsigned: bool = False


class LabelsBody(Struct, forbid_unknown_fields=True):
    devices: Annotated[list[Id], Meta(min_length=1, max_length=200)]


class RevokeBody(Struct, forbid_unknown_fields=True):
    reason: RevokeReason


class DevicePlace(Struct, frozen=True, kw_only=True):
    id: str
    name: str | None


class DeviceHome(Struct, frozen=True, kw_only=True):
    id: str
    label: str | None


class DeviceView(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    state: str
    unsigned: bool
    village: DevicePlace | None
    group: DevicePlace | None
    household: DeviceHome | None
    online: bool | None
    heard_at: str | None
    tested_at: str | None
    issued_at: str | None
    enrolled_at: str | None
    revoked_at: str | None
    overlap_until: str | None
    """It is being rotated: up to then what it had is accepted too."""
    health: str
    faults: list[str]
    battery: float | None
    rssi: float | None
    fw: str | None


class DeviceChange(Struct, frozen=True, kw_only=True):
    at: str
    actor: str
    actor_name: str
    change: str
    data: dict[str, Any]
    names: dict[str, str]
    """What the ids in `data` are called now, by its fields."""


class DeviceDetail(DeviceView, frozen=True, kw_only=True):
    history: list[DeviceChange]


class DeviceList(Struct, frozen=True, kw_only=True):
    items: list[DeviceView]
    total: int
    next: str | None


class LabelSheet(Struct, frozen=True, kw_only=True):
    sheet: str
    """Where the page to print is; it can be opened once, by who asked for it, within minutes."""
    expires_in_s: int
    devices: list[str]
    warnings: list[str]


class Revoked(Struct, frozen=True, kw_only=True):
    device: DeviceDetail
    warnings: list[str]


def list_view(page: DevicePage, zone: ZoneInfo) -> DeviceList:
    items = [DeviceView(**_facts(one, zone)) for one in page.items]
    return DeviceList(items=items, total=page.total, next=page.next)


def detail_view(one: ShownDevice, history: list[HistoryEntry], zone: ZoneInfo) -> DeviceDetail:
    changes = [
        DeviceChange(
            at=moment(entry.at_ms, zone),
            actor=entry.actor,
            actor_name=entry.actor_name,
            change=entry.change.value,
            data=dict(entry.data),
            names=entry.names,
        )
        for entry in history
    ]
    return DeviceDetail(**_facts(one, zone), history=changes)


def sheet_view(made: Made, *, path: str) -> LabelSheet:
    return LabelSheet(
        sheet=f"{path}/{made.sheet}",
        expires_in_s=round(made.kept_s),
        devices=list(made.devices),
        warnings=said(made.warnings),
    )


def said(sentences: tuple[Said, ...] | list[Said]) -> list[str]:
    """Chinese first."""
    return [str(one) for one in sentences]


def _facts(one: ShownDevice, zone: ZoneInfo) -> dict[str, Any]:
    def place(place_id: str | None, name: str | None) -> DevicePlace | None:
        return None if place_id is None else DevicePlace(id=place_id, name=name)

    home = None
    if one.household_id is not None:
        home = DeviceHome(id=one.household_id, label=one.household)
    return {
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "unsigned": one.unsigned,
        "village": place(one.village_id, one.village),
        "group": place(one.group_id, one.group),
        "household": home,
        "online": one.online,
        "heard_at": moment_or_none(one.heard_at_ms, zone),
        "tested_at": moment_or_none(one.tested_at_ms, zone),
        "issued_at": moment_or_none(one.issued_at_ms, zone),
        "enrolled_at": moment_or_none(one.enrolled_at_ms, zone),
        "revoked_at": moment_or_none(one.revoked_at_ms, zone),
        "overlap_until": moment_or_none(one.overlap_until_ms, zone),
        "health": one.health,
        "faults": list(one.faults),
        "battery": _number(one.status.get("battery")),
        "rssi": _number(one.status.get("rssi")),
        "fw": _text(one.status.get("fw")),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
