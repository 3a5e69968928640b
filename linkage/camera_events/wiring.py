"""Saying what is wired to a camera: the button on an input, the siren on a relay, their history.

To be run inside `Database.write`. Raises as `linkage.registry.writing` does.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import RowMapping

from alarms.device_topics import BUTTON, SIREN
from alarms.devices import DeviceRegistry
from alarms.model import AlarmKind, DeviceState
from alarms.store.tables import devices
from linkage import audit
from linkage.audit import AuditAction, AuditEntry
from linkage.camera_events import storage
from linkage.camera_events.model import WIRED_KINDS
from linkage.camera_events.schema import camera_inputs, camera_presets, camera_relays
from linkage.enrolment.changing import Wanted, put_device
from linkage.enrolment.where import own_device
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller
from linkage.registry.model import Said
from linkage.schema import cameras

TEST_MS = 120_000
"""Whoever announced a test presses within this, or it is none."""
_TOKEN = 64
_c = camera_inputs.c


@dataclass(frozen=True)
class Wiring:
    """What a person says of an input."""

    button: str
    household_id: str | None = None
    group_id: str | None = None
    kind: AlarmKind = AlarmKind.PANIC
    silent: bool = False
    normally_closed: bool = False


def wire(
    conn: Connection,
    registry: DeviceRegistry,
    caller: Caller,
    camera_id: str,
    token: str,
    wiring: Wiring,
) -> None:
    """This button hangs on this input. Where the registry has no device of this id it gets one,
    unsigned, of the household or group; of neither: it stands where the camera does.

    Raises BadEntry, NoSuchEntry, NotPossible.
    """
    _must_be_ours(conn, caller, camera_id)
    if not token or len(token) > _TOKEN:
        raise BadEntry("token", Said("输入口名称有误", "not the name of an input"))
    if wiring.kind not in WIRED_KINDS:
        raise BadEntry("kind", Said("按钮不能是这种报警", "no button can be of this kind"))
    elsewhere = conn.execute(
        select(_c.camera_id, _c.token).where(_c.button == wiring.button)
    ).first()
    if elsewhere is not None and tuple(elsewhere) != (camera_id, token):
        raise NotPossible(
            Said(
                f"{wiring.button} 已接在 {elsewhere.camera_id} 的输入 {elsewhere.token}",
                f"{wiring.button} is wired to input {elsewhere.token} of {elsewhere.camera_id}",
            )
        )
    _take_in_use(conn, registry, caller, wiring)
    said: dict[str, object] = {
        "kind": wiring.kind.value,
        "silent": wiring.silent,
        "normally_closed": wiring.normally_closed,
    }
    known = conn.execute(
        select(_c.button, _c.normally_closed).where(_c.camera_id == camera_id, _c.token == token)
    ).first()
    if known is not None and known.button == wiring.button:
        if bool(known.normally_closed) is not wiring.normally_closed:
            # what was at rest is pressed now, by words alone: how it stands is not known any more
            said |= {"active": None, "changed_ms": None}
        conn.execute(
            update(camera_inputs).where(_c.camera_id == camera_id, _c.token == token).values(said)
        )
    else:
        _take_off(conn, camera_id, token)
        row = {"camera_id": camera_id, "token": token, "button": wiring.button, "presses": 0}
        made = {"wired_at_ms": caller.at_ms, "wired_by": caller.username}
        conn.execute(insert(camera_inputs).values({**row, **said, **made}))
    more = {"change": "input-wired", "input": token, "button": wiring.button}
    _note(conn, caller, camera_id, {**more, **said})


def wire_siren(
    conn: Connection,
    registry: DeviceRegistry,
    caller: Caller,
    camera_id: str,
    token: str,
    siren: str,
    group_id: str | None,
) -> None:
    """This siren hangs on this relay. Where the registry has no device of this id it gets one, of
    the group. Raises BadEntry, NoSuchEntry, NotPossible."""
    _must_be_ours(conn, caller, camera_id)
    if not token or len(token) > _TOKEN:
        raise BadEntry("token", Said("继电器名称有误", "not the name of a relay"))
    r = camera_relays.c
    elsewhere = conn.execute(select(r.camera_id, r.token).where(r.siren == siren)).first()
    if elsewhere is not None and tuple(elsewhere) != (camera_id, token):
        raise NotPossible(
            Said(
                f"{siren} 已接在 {elsewhere.camera_id} 的继电器 {elsewhere.token}",
                f"{siren} is wired to relay {elsewhere.token} of {elsewhere.camera_id}",
            )
        )
    there = conn.scalar(select(devices.c.id).where(devices.c.id == siren)) is not None
    if not there:
        wanted = Wanted(kind=SIREN, group_id=group_id)
        put_device(conn, registry, caller, siren, wanted, only_new=True)
    row, _home = own_device(conn, caller.places, siren)
    if row["kind"] != SIREN or row["state"] == DeviceState.REVOKED.value:
        raise NotPossible(Said(f"{siren} 不是在用的警号", f"{siren} is no siren in use"))
    _put_in_use(conn, caller, row)
    _take_siren_off(conn, camera_id, token)
    conn.execute(
        insert(camera_relays).values(
            camera_id=camera_id,
            token=token,
            siren=siren,
            wired_at_ms=caller.at_ms,
            wired_by=caller.username,
        )
    )
    _note(conn, caller, camera_id, {"change": "relay-wired", "relay": token, "siren": siren})


def take_siren_off(conn: Connection, caller: Caller, camera_id: str, token: str) -> None:
    """Nothing hangs on this relay any more. Raises NoSuchEntry."""
    _must_be_ours(conn, caller, camera_id)
    if not _take_siren_off(conn, camera_id, token):
        raise NoSuchEntry
    _note(conn, caller, camera_id, {"change": "relay-cleared", "relay": token})


def set_preset(
    conn: Connection,
    caller: Caller,
    camera_id: str,
    preset: str,
    home: str | None,
    back_after_s: int,
) -> None:
    """The camera is turned there for an incident that it looks at.

    Raises BadEntry, NoSuchEntry, NotPossible where it has a privacy zone, which hides a part of the
    picture and not a place."""
    _must_be_ours(conn, caller, camera_id)
    if storage.veiled(conn, [camera_id]):
        raise NotPossible(
            Said(
                "该摄像机设有隐私遮挡区，转动后会露出被遮挡处，不能设置联动预置位",
                "it has a privacy zone: turned, it would show what that hides",
            )
        )
    p = camera_presets.c
    values = {
        "preset": preset,
        "home": home,
        "back_after_s": back_after_s,
        "set_at_ms": caller.at_ms,
        "set_by": caller.username,
    }
    known = update(camera_presets).where(p.camera_id == camera_id).values(values)
    if conn.execute(known).rowcount == 0:
        conn.execute(insert(camera_presets).values(camera_id=camera_id, away=False, **values))
    said = {"preset": preset, "home": home, "back_after_s": back_after_s}
    _note(conn, caller, camera_id, {"change": "preset-set", **said})


def clear_preset(conn: Connection, caller: Caller, camera_id: str) -> None:
    """It is turned for nothing any more. Raises NoSuchEntry."""
    _must_be_ours(conn, caller, camera_id)
    statement = delete(camera_presets).where(camera_presets.c.camera_id == camera_id)
    if conn.execute(statement).rowcount == 0:
        raise NoSuchEntry
    _note(conn, caller, camera_id, {"change": "preset-cleared"})


def _take_siren_off(conn: Connection, camera_id: str, token: str) -> bool:
    r = camera_relays.c
    statement = delete(camera_relays).where(r.camera_id == camera_id, r.token == token)
    return conn.execute(statement).rowcount > 0


def take_off(conn: Connection, caller: Caller, camera_id: str, token: str) -> None:
    """Nothing hangs there any more; the device stays in the registry. Raises NoSuchEntry."""
    _must_be_ours(conn, caller, camera_id)
    if not _take_off(conn, camera_id, token):
        raise NoSuchEntry
    _note(conn, caller, camera_id, {"change": "input-cleared", "input": token})


def announce_test(conn: Connection, caller: Caller, camera_id: str, token: str) -> int:
    """The next press is a test, until the moment that is returned (Unix ms). Raises NoSuchEntry."""
    _must_be_ours(conn, caller, camera_id)
    until_ms = caller.at_ms + TEST_MS
    done = conn.execute(
        update(camera_inputs)
        .where(_c.camera_id == camera_id, _c.token == token)
        .values(test_until_ms=until_ms)
    )
    if done.rowcount == 0:
        raise NoSuchEntry
    _note(conn, caller, camera_id, {"change": "input-test", "input": token})
    return until_ms


def _take_in_use(
    conn: Connection, registry: DeviceRegistry, caller: Caller, wiring: Wiring
) -> None:
    there = conn.scalar(select(devices.c.id).where(devices.c.id == wiring.button)) is not None
    if not there:
        wanted = Wanted(household_id=wiring.household_id, group_id=wiring.group_id, unsigned=True)
        put_device(conn, registry, caller, wiring.button, wanted, only_new=True)
    row, _home = own_device(conn, caller.places, wiring.button)
    if row["kind"] != BUTTON or not row["unsigned"]:
        raise NotPossible(
            Said(
                f"{wiring.button} 不是免签名按钮，不能接线：请另用编号",
                f"{wiring.button} is no unsigned button: a wired one needs an id of its own",
            )
        )
    if row["state"] == DeviceState.REVOKED.value:
        raise NotPossible(
            Said(f"{wiring.button} 已吊销", f"{wiring.button} is revoked: it is heard no more")
        )
    _put_in_use(conn, caller, row)


def _put_in_use(conn: Connection, caller: Caller, row: RowMapping) -> None:
    if row["state"] == DeviceState.PLANNED.value:
        # its wires are its label
        values = {"state": DeviceState.ISSUED.value, "issued_at_ms": caller.at_ms}
        conn.execute(update(devices).where(devices.c.id == row["id"]).values(values))


def _take_off(conn: Connection, camera_id: str, token: str) -> bool:
    statement = delete(camera_inputs).where(_c.camera_id == camera_id, _c.token == token)
    return conn.execute(statement).rowcount > 0


def _must_be_ours(conn: Connection, caller: Caller, camera_id: str) -> None:
    c = cameras.c
    village = conn.scalar(select(c.village_id).where(c.id == camera_id))
    if village is None or not caller.places.covers(village):
        raise NoSuchEntry


def _note(conn: Connection, caller: Caller, camera_id: str, said: dict[str, object]) -> None:
    entry = AuditEntry(
        caller.username, AuditAction.CHANGE, f"camera:{camera_id}", caller.address, said
    )
    audit.record(conn, caller.writer, [entry], at_ms=caller.at_ms)
