"""Group notification tests: every member's device is told something harmless, and answers count.

A test is not a drill: nobody presses, no incident opens. Starting it writes down whom to tell; the
keeper tells them, also after a restart; what they answer comes in as to every notice.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from alarms.model import SeenNotice
from linkage.accounts.rights import Places
from linkage.ledgers.homes import home_buttons
from linkage.ledgers.schema import group_test_members, group_tests
from linkage.registry.errors import BadEntry, NoSuchEntry, NotPossible
from linkage.registry.history import Caller, note
from linkage.registry.model import Change, Entity, Said
from linkage.registry.naming import people_named
from linkage.registry.places import must_cover, village_of_group
from linkage.schema import households, mutual_aid_groups, villages

PHRASE = "notification-test"
MINUTES = (1, 60)
"""How long answers may count: at least and at most."""

_NOTICE = "group-test-"
_ORDER = ("delivered", "read", "coming", "cannot")
_ANSWERS = frozenset({"read", "coming", "cannot"})


@dataclass(frozen=True)
class Member:
    """One device of the group and what became of its notice. Times are Unix milliseconds."""

    device: str
    household_id: str
    label: str | None
    sent_at_ms: int | None
    """Taken by the broker; None: not yet, or never."""
    state: str | None
    """What the device said last: delivered, read, coming or cannot."""
    answered_at_ms: int | None

    @property
    def answered(self) -> bool:
        """Somebody at home did something; that it came is said by the device alone."""
        return self.state in _ANSWERS


@dataclass(frozen=True)
class GroupTest:
    """A test with its members, in the order of their labels."""

    id: str
    group_id: str
    group: str | None
    village_id: str
    village: str | None
    started_by: str
    started_by_name: str
    """As that account is called; the account itself when it is gone."""
    started_at_ms: int
    until_ms: int
    members: tuple[Member, ...]

    def count(self, state: str) -> int:
        """How many members stand at this state."""
        return Counter(member.state for member in self.members)[state]

    @property
    def delivered(self) -> int:
        """Devices that said that it came, or more."""
        return sum(member.state is not None for member in self.members)

    @property
    def answered(self) -> int:
        return sum(member.answered for member in self.members)


@dataclass(frozen=True)
class Unsent:
    """A notice that is still to go out."""

    test_id: str
    device: str
    until_ms: int

    @property
    def notice_id(self) -> str:
        return f"{_NOTICE}{self.test_id}"


def is_ours(notice_id: str) -> bool:
    """Whether a notice with this id was a group test's."""
    return notice_id.startswith(_NOTICE)


def start(conn: Connection, caller: Caller, group_id: str, *, minutes: int) -> str:
    """Write down the test and whom it tells; its id. Raises BadEntry, NoSuchEntry, NotPossible."""
    village_id = must_cover(caller.places, village_of_group(conn, group_id))
    least, most = MINUTES
    if not least <= minutes <= most:
        raise BadEntry(
            "minutes",
            Said(f"时长为 {least} 至 {most} 分钟", f"a test takes {least} to {most} minutes"),
        )
    running = conn.scalar(
        select(group_tests.c.id).where(
            group_tests.c.group_id == group_id, group_tests.c.until_ms > caller.at_ms
        )
    )
    if running is not None:
        raise NotPossible(Said("本组正在测试", "a test of this group is running"))
    buttons = home_buttons(conn, caller.places, group_id=group_id)
    wanted = [button for button in buttons if button.wants_notices]
    if not wanted:
        raise NotPossible(
            Said("本组没有可通知的设备", "no device of this group could be told anything")
        )
    test_id = uuid.uuid4().hex
    until_ms = caller.at_ms + minutes * 60_000
    conn.execute(
        insert(group_tests).values(
            id=test_id,
            group_id=group_id,
            village_id=village_id,
            started_by=caller.username,
            started_at_ms=caller.at_ms,
            until_ms=until_ms,
        )
    )
    rows = [
        {"test_id": test_id, "device_id": button.device, "household_id": button.household_id}
        for button in wanted
    ]
    conn.execute(insert(group_test_members), rows)
    note(conn, caller, Entity.GROUP, group_id, Change.TESTED, {"test": test_id})
    return test_id


def unsent(conn: Connection, *, now_ms: int) -> list[Unsent]:
    """What is to be sent, as long as its test runs."""
    m, t = group_test_members.c, group_tests.c
    rows = conn.execute(
        select(m.test_id, m.device_id, t.until_ms)
        .join(group_tests, t.id == m.test_id)
        .where(m.sent_at_ms.is_(None), t.until_ms > now_ms)
        .order_by(t.started_at_ms, m.device_id)
    )
    return [Unsent(*row) for row in rows]


def note_sent(conn: Connection, sent: Sequence[Unsent], *, now_ms: int) -> None:
    """The broker has these."""
    m = group_test_members.c
    if sent:
        conn.execute(
            update(group_test_members)
            .where(m.test_id == bindparam("test"), m.device_id == bindparam("device"))
            .values(sent_at_ms=now_ms),
            [{"test": one.test_id, "device": one.device} for one in sent],
        )


def keep_answers(conn: Connection, said: Sequence[SeenNotice], *, now_ms: int) -> None:
    """What members' devices said of our notices. What is no answer to a running test changes
    nothing; messages may come twice and out of order."""
    m, t = group_test_members.c, group_tests.c
    for one in said:
        test_id = one.notice_id.removeprefix(_NOTICE)
        if one.state not in _ORDER or not test_id.isascii() or not test_id.isalnum():
            continue
        row = conn.execute(
            select(m.state, t.until_ms)
            .join(group_tests, t.id == m.test_id)
            .where(m.test_id == test_id, m.device_id == one.device)
        ).first()
        if row is None or row.until_ms <= now_ms or not _is_news(row.state, one.state):
            continue
        values: dict[str, object] = {"state": one.state}
        if one.state in _ANSWERS:
            values["answered_at_ms"] = now_ms
        conn.execute(
            update(group_test_members)
            .where(m.test_id == test_id, m.device_id == one.device)
            .values(values)
        )


def list_tests(
    conn: Connection,
    places: Places,
    *,
    from_ms: int,
    to_ms: int,
    village_id: str | None = None,
    limit: int = 500,
) -> list[GroupTest]:
    """Tests started from `from_ms` to before `to_ms`, newest first."""
    t = group_tests.c
    statement = (
        select(t.id)
        .where(t.started_at_ms >= from_ms, t.started_at_ms < to_ms)
        .order_by(t.started_at_ms.desc(), t.id)
        .limit(limit)
    )
    if village_id is not None:
        statement = statement.where(t.village_id == village_id)
    if places.villages is not None:
        statement = statement.where(t.village_id.in_(places.villages))
    return [_read(conn, test_id) for test_id in conn.scalars(statement).all()]


def one_test(conn: Connection, places: Places, test_id: str) -> GroupTest:
    """Raises NoSuchEntry."""
    village = conn.scalar(select(group_tests.c.village_id).where(group_tests.c.id == test_id))
    must_cover(places, village)
    return _read(conn, test_id)


def _read(conn: Connection, test_id: str) -> GroupTest:
    t, m, g, v, h = (
        group_tests.c,
        group_test_members.c,
        mutual_aid_groups.c,
        villages.c,
        households.c,
    )
    row = conn.execute(
        select(group_tests, g.name.label("group_name"), v.name.label("village_name"))
        .join(mutual_aid_groups, g.id == t.group_id, isouter=True)
        .join(villages, v.id == t.village_id, isouter=True)
        .where(t.id == test_id)
    ).first()
    if row is None:
        raise NoSuchEntry
    members = conn.execute(
        select(m.device_id, m.household_id, h.label, m.sent_at_ms, m.state, m.answered_at_ms)
        .join(households, h.id == m.household_id, isouter=True)
        .where(m.test_id == test_id)
        .order_by(h.label, m.device_id)
    )
    return GroupTest(
        row.id,
        row.group_id,
        row.group_name,
        row.village_id,
        row.village_name,
        row.started_by,
        people_named(conn, {row.started_by}).get(row.started_by) or row.started_by,
        row.started_at_ms,
        row.until_ms,
        tuple(Member(*member) for member in members),
    )


def _is_news(before: str | None, state: str) -> bool:
    """Coming and cannot may change into each other; nothing goes back to less."""
    if before is None:
        return True
    if before in ("coming", "cannot") and state in ("coming", "cannot"):
        return before != state
    return _ORDER.index(state) > _ORDER.index(before)
