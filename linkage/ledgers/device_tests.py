"""一键报警测试台账: every test press, kept when the log is pruned, and who has not tested."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from alarms.model import AlarmKind, AlarmSource, Flag, LoggedAlarm
from linkage.accounts.rights import Places
from linkage.ledgers.homes import HomeButton, home_buttons
from linkage.ledgers.schema import device_tests
from linkage.places import places_of_devices
from linkage.schema import households, mutual_aid_groups, villages


@dataclass(frozen=True)
class TestLine:
    """One test press. The names are today's, the places those of that moment."""

    at_ms: int
    device: str
    household_id: str | None
    label: str | None
    group: str | None
    village: str | None


@dataclass(frozen=True)
class UntestedGroup:
    """A group some of whose buttons have not been tested for too long."""

    group_id: str
    group: str
    village: str
    leader_household_id: str | None
    leader_label: str | None
    buttons: int
    """All in use."""
    untested: tuple[HomeButton, ...]


def keep_tests(conn: Connection, tests: Sequence[LoggedAlarm], *, now_ms: int) -> None:
    """Enter these test presses; told by the engine, in the transaction that moves its cursor."""
    del now_ms  # a test counts from when it was received
    genuine = [
        alarm
        for alarm in tests
        if alarm.kind is AlarmKind.TEST
        and alarm.source is AlarmSource.BUTTON
        and (alarm.mac_ok or Flag.UNSIGNED in alarm.flags)
    ]
    if not genuine:
        return
    places = places_of_devices(conn, {alarm.device for alarm in genuine})
    rows = []
    for alarm in genuine:
        place = places.get(alarm.device)
        rows.append(
            {
                "alarm_id": alarm.id,
                "device_id": alarm.device,
                "household_id": None if place is None else place.household_id,
                "group_id": None if place is None else place.group_id,
                "village_id": None if place is None else place.village_id,
                "at_ms": alarm.received_at_ms,
            }
        )
    conn.execute(insert(device_tests), rows)


def list_tests(
    conn: Connection,
    places: Places,
    *,
    from_ms: int,
    to_ms: int,
    village_id: str | None = None,
    limit: int | None = None,
) -> list[TestLine]:
    """The tests from `from_ms` to before `to_ms`, newest first."""
    t, h, g, v = device_tests.c, households.c, mutual_aid_groups.c, villages.c
    statement = (
        select(
            t.at_ms,
            t.device_id,
            t.household_id,
            h.label,
            g.name.label("group_name"),
            v.name.label("village_name"),
            t.village_id,
        )
        .join_from(device_tests, households, h.id == t.household_id, isouter=True)
        .join(mutual_aid_groups, g.id == t.group_id, isouter=True)
        .join(villages, v.id == t.village_id, isouter=True)
        .where(t.at_ms >= from_ms, t.at_ms < to_ms)
        .order_by(t.at_ms.desc(), t.alarm_id)
    )
    if village_id is not None:
        statement = statement.where(t.village_id == village_id)
    if places.villages is not None:
        statement = statement.where(t.village_id.in_(places.villages))
    if limit is not None:
        statement = statement.limit(limit)
    return [TestLine(*row[:6]) for row in conn.execute(statement)]


def untested(
    conn: Connection,
    places: Places,
    *,
    before_ms: int,
    village_id: str | None = None,
    group_id: str | None = None,
) -> list[UntestedGroup]:
    """Groups with buttons whose last test is older than `before_ms`, or that have none."""
    groups: dict[str, list[HomeButton]] = {}
    for button in home_buttons(conn, places, village_id=village_id, group_id=group_id):
        groups.setdefault(button.group_id, []).append(button)
    found = []
    for buttons in groups.values():
        late = tuple(b for b in buttons if b.tested_at_ms is None or b.tested_at_ms < before_ms)
        if not late:
            continue
        one = buttons[0]
        leader = next((b for b in buttons if b.household_id == one.leader_household_id), None)
        found.append(
            UntestedGroup(
                one.group_id,
                one.group,
                one.village,
                one.leader_household_id,
                None if leader is None else leader.label,
                len(buttons),
                late,
            )
        )
    return found
