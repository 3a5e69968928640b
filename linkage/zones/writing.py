"""A camera's zones in the store: read, and kept as a new version.

Plain functions of a `Connection`; what writes is to be run inside `Database.write`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from camerad.errors import BadZone
from camerad.model import ZoneKind
from linkage import audit
from linkage.accounts.rights import Places
from linkage.audit import AuditAction, AuditEntry
from linkage.cameras import words_of
from linkage.registry.errors import BadEntry, NoSuchEntry
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.schema import accounts, cameras, zones
from linkage.zones.deciding import ZoneChanges, changes, uncovered
from linkage.zones.errors import ZonesChanged
from linkage.zones.model import KeptZone, kept_of
from linkage.zones.schema import camera_zone_versions

_V = camera_zone_versions.c
_SHOWN = 10


@dataclass(frozen=True)
class ZoneVersion:
    """Who kept which version, and when; what it changed."""

    version: int
    at_ms: int
    actor: str
    actor_name: str
    changes: ZoneChanges


@dataclass(frozen=True)
class CameraZones:
    """A camera's zones as they hold now."""

    camera_id: str
    name: str
    legal_class: str
    version: int
    zones: tuple[KeptZone, ...]


@dataclass(frozen=True)
class NewZones:
    """What somebody wants to hold."""

    seen: int
    """The version they saw."""
    entries: Sequence[Mapping[str, Any]]
    reason: str
    uncovers: Sequence[str] = ()
    """The privacy zones that they know will hide otherwise than before."""


def read(conn: Connection, places: Places, camera_id: str) -> CameraZones:
    """Raises NoSuchEntry."""
    c = cameras.c
    row = conn.execute(select(c.name, c.village_id, c.legal_class).where(c.id == camera_id)).first()
    if row is None or not places.covers(row.village_id):
        raise NoSuchEntry
    kept = tuple(
        _kept(one)
        for one in conn.execute(
            select(zones).where(zones.c.camera_id == camera_id).order_by(zones.c.name)
        )
    )
    return CameraZones(camera_id, row.name, row.legal_class, _newest(conn, camera_id), kept)


def history(conn: Connection, camera_id: str) -> list[ZoneVersion]:
    """The newest versions first; the caller has seen to who may see them."""
    rows = conn.execute(
        select(camera_zone_versions, accounts.c.display_name)
        .join(accounts, accounts.c.username == _V.actor, isouter=True)
        .where(_V.camera_id == camera_id)
        .order_by(_V.version.desc())
        .limit(_SHOWN + 1)
    ).all()
    return [
        ZoneVersion(
            row.version,
            row.at_ms,
            row.actor,
            row.display_name or row.actor,
            changes(_stored(before.zones), _stored(row.zones)),
        )
        for row, before in pairwise(rows)
    ]


def keep(conn: Connection, caller: Caller, camera_id: str, new: NewZones) -> CameraZones:
    """Have these zones hold from now on; nothing is written where nothing changes.

    Raises NoSuchEntry, BadEntry (its field is `zones.<number>.<key>`, `uncovers` or `reason`) and
    ZonesChanged.
    """
    now = read(conn, caller.places, camera_id)
    try:
        wanted = kept_of(new.entries)
    except BadZone as wrong:
        field = f"zones.{wrong.number}.{wrong.key}"
        raise BadEntry(field, Said(wrong.zh, wrong.en)) from wrong
    if new.seen != now.version:
        raise _changed_meanwhile(conn, now, new.seen)
    made = changes(now.zones, wanted)
    if not made:
        return now
    if not new.reason.strip():
        raise BadEntry("reason", Said("请说明原因", "say the reason"))
    open_ = [name for name in uncovered(now.zones, wanted) if name not in new.uncovers]
    if open_:
        raise BadEntry(
            "uncovers",
            Said(
                f"隐私遮挡 {'、'.join(open_)} 将被删除或改动，原先遮住的会露出：请确认",
                f"the privacy zones {', '.join(open_)} would hide otherwise than now: confirm it",
            ),
        )
    _write(conn, caller, now, wanted)
    _note(conn, caller, now, made, wanted, new.reason.strip())
    return read(conn, caller.places, camera_id)


def _write(conn: Connection, caller: Caller, now: CameraZones, wanted: Sequence[KeptZone]) -> None:
    camera_id = now.camera_id
    before = {"camera_id": camera_id, "version": 0, "at_ms": 0, "actor": ""}
    rows = [{**before, "zones": _json(now.zones)}] if now.version == 0 else []
    rows.append(
        {
            "camera_id": camera_id,
            "version": now.version + 1,
            "at_ms": caller.at_ms,
            "actor": caller.username,
            "zones": _json(wanted),
        }
    )
    conn.execute(insert(camera_zone_versions), rows)
    conn.execute(delete(zones).where(zones.c.camera_id == camera_id))
    if wanted:
        conn.execute(insert(zones), [_row(camera_id, zone) for zone in wanted])


def _note(
    conn: Connection,
    caller: Caller,
    now: CameraZones,
    made: ZoneChanges,
    wanted: Sequence[KeptZone],
    reason: str,
) -> None:
    said: dict[str, object] = {
        "change": "zones",
        "version": now.version + 1,
        "added": list(made.added),
        "removed": list(made.removed),
        "changed": list(made.changed),
        "uncovered": list(uncovered(now.zones, wanted)),
        "reason": reason,
    }
    entry = AuditEntry(
        caller.username, AuditAction.CHANGE, f"camera:{now.camera_id}", caller.address, said
    )
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)


def _changed_meanwhile(conn: Connection, now: CameraZones, seen: int) -> ZonesChanged:
    row = conn.execute(
        select(_V.zones).where(_V.camera_id == now.camera_id, _V.version == seen)
    ).first()
    zh, en = changes(() if row is None else _stored(row.zones), now.zones).said
    newest = next(iter(history(conn, now.camera_id)), None)
    who = "" if newest is None else newest.actor_name
    return ZonesChanged(
        f"防区已被{who}改过（{zh}）：请先看最新的 / {who} has changed the zones meanwhile "
        f"({en}): look at the newest first.",
        now.version,
    )


def _newest(conn: Connection, camera_id: str) -> int:
    newest = conn.scalar(
        select(_V.version).where(_V.camera_id == camera_id).order_by(_V.version.desc()).limit(1)
    )
    return int(newest or 0)


def _kept(row: Row[Any]) -> KeptZone:
    words = words_of(row)
    polygon = tuple((float(x), float(y)) for x, y in json.loads(row.polygon))
    return KeptZone(
        row.name,
        words.kind,
        polygon,
        words.dwell_s,
        words.min_height,
        words.armed,
        words.armed_days_off,
    )


def _row(camera_id: str, zone: KeptZone) -> dict[str, object]:
    return {
        "camera_id": camera_id,
        "name": zone.name,
        "kind": zone.kind.value,
        "polygon": json.dumps([list(corner) for corner in zone.polygon]),
        "dwell_s": zone.dwell_s,
        "min_height": zone.min_height,
        "armed": zone.armed,
        "armed_days_off": zone.armed_days_off,
    }


def _json(kept: Sequence[KeptZone]) -> str:
    return json.dumps([asdict(zone) for zone in kept], ensure_ascii=False, separators=(",", ":"))


def _stored(text: str) -> tuple[KeptZone, ...]:
    return tuple(
        KeptZone(
            **{
                **zone,
                "kind": ZoneKind(zone["kind"]),
                "polygon": tuple((x, y) for x, y in zone["polygon"]),
            }
        )
        for zone in json.loads(text)
    )
