"""What a device is given, what it had before a rotation, and what a revoked one has left."""

import pytest

from alarms import credentials
from alarms.credentials import Credentials
from alarms.decode import check_press, decode_press
from alarms.devices import DeviceRegistry, PlannedDevice
from alarms.errors import Unacceptable
from alarms.judging import Judge
from alarms.log import AlarmLog
from alarms.model import DeviceState, RefusalReason
from alarms.mqtt import Inbound
from alarms.signature import sign
from alarms.store import SealedBox
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from tests.alarms.conftest import SITE_KEY, Door
from tests.linkage.web_house import HandClock

WEEK_MS = 7 * 86_400_000
DEVICE = "dongcun-017-1"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def registry(door: Door, clock: HandClock) -> DeviceRegistry:
    return DeviceRegistry(door.database, SealedBox(SITE_KEY), clock)


def press(given: Credentials, seq: int, kind: str = "panic") -> Inbound:
    mac = sign(given.key, given.device, 1, seq, kind, silent=False, at_ms=None)
    text = f'{{"v":1,"boot":1,"seq":{seq},"kind":"{kind}","mac":"{mac}"}}'
    topic = f"lianfang/button/{given.device}/press"
    return Inbound(topic, text.encode(), False, False, 1, 1, 0.0)


class Desk:
    """Issues, and lets presses in as intake does."""

    def __init__(self, door: Door, registry: DeviceRegistry, clock: HandClock) -> None:
        self.door, self.registry, self.clock = door, registry, clock
        self.judge = Judge(registry, clock, "lianfang")
        self.log = AlarmLog(door.database, clock, writer="test")

    @property
    def now_ms(self) -> int:
        return unix_ms(self.clock.now())

    async def issue(self, device: str = DEVICE, overlap_ms: int = WEEK_MS) -> Credentials:
        box = SealedBox(SITE_KEY)
        return await self.door.database.write(
            lambda conn: credentials.issue_in(
                conn, box, device, at_ms=self.now_ms, overlap_ms=overlap_ms
            )
        )

    async def takes(self, message: Inbound) -> RefusalReason | None:
        """Why not, or None where it is in the log."""
        judged, _ = await self.log.take_in(lambda conn: self.judge(conn, [message]))
        return judged.refusals[0].reason if judged.refusals else None

    async def row(self, device: str = DEVICE):
        return await self.door.database.read(
            lambda conn: conn.execute(devices.select().where(devices.c.id == device)).one()
        )

    async def may(self, given: Credentials) -> bool:
        return await self.registry.may_log_in(given.login, given.password) is not None


@pytest.fixture
async def desk(door: Door, registry: DeviceRegistry, clock: HandClock) -> Desk:
    made = Desk(door, registry, clock)
    issued = devices.update().values(issued_at_ms=made.now_ms)
    await door.database.write(lambda conn: conn.execute(issued))
    return made


async def test_a_planned_device_has_a_key_that_nobody_saw_and_no_login(
    door: Door, desk: Desk
) -> None:
    planned = [PlannedDevice("p-1", "button"), PlannedDevice("p-2", "button", unsigned=True)]
    await door.database.write(lambda conn: desk.registry.register_planned_in(conn, planned))
    signed, unsigned = await desk.row("p-1"), await desk.row("p-2")
    assert (signed.state, signed.login) == ("planned", None)
    assert signed.key_sealed is not None
    assert unsigned.key_sealed is None
    assert "p-1" not in await door.database.read(desk.registry.broker_logins_in)


async def test_both_keys_press_during_the_overlap_until_the_new_one_is_heard(
    door: Door, desk: Desk
) -> None:
    old, new = door.button, await desk.issue()
    assert await desk.takes(press(old, 1)) is None
    assert await desk.takes(press(new, 2)) is None
    assert await desk.takes(press(old, 3)) is RefusalReason.BAD_SIGNATURE
    assert await desk.takes(press(new, 4)) is None


async def test_both_passwords_log_in_until_the_new_key_is_heard(door: Door, desk: Desk) -> None:
    old, new = door.button, await desk.issue()
    assert new.login != old.login
    assert await desk.may(old)
    assert await desk.may(new)
    await desk.takes(press(new, 1))
    assert not await desk.may(old)
    assert await desk.may(new)
    assert set(await door.database.read(desk.registry.broker_logins_in)) == {new.login}


async def test_a_test_with_the_old_key_ends_no_overlap(door: Door, desk: Desk) -> None:
    await desk.issue()
    assert await desk.takes(press(door.button, 1, "test")) is None
    assert await desk.may(door.button)


async def test_at_the_end_of_the_overlap_the_old_key_and_password_are_over(
    door: Door, desk: Desk, clock: HandClock
) -> None:
    new = await desk.issue()
    clock.move(WEEK_MS / 1000 - 1)
    assert await desk.takes(press(door.button, 1)) is None
    clock.move(1)
    assert await desk.takes(press(door.button, 2)) is RefusalReason.BAD_SIGNATURE
    assert not await desk.may(door.button)
    assert await desk.may(new)


async def test_a_second_rotation_keeps_what_was_heard_and_drops_the_label_in_between(
    door: Door, desk: Desk
) -> None:
    between = await desk.issue()
    new = await desk.issue()
    assert await desk.takes(press(door.button, 1)) is None
    assert await desk.takes(press(between, 2)) is RefusalReason.BAD_SIGNATURE
    assert not await desk.may(between)
    assert await desk.takes(press(new, 3)) is None


async def test_a_duplicate_press_with_the_new_key_is_answered_whatever_the_overlap(
    desk: Desk,
) -> None:
    new = await desk.issue()
    assert await desk.takes(press(new, 1)) is None
    assert await desk.takes(press(new, 1)) is None


async def test_an_overlap_that_lapsed_unheard_costs_the_enrolment(
    door: Door, desk: Desk, clock: HandClock
) -> None:
    await desk.issue()
    await door.database.write(
        lambda conn: conn.execute(devices.update().values(state="enrolled", enrolled_at_ms=5))
    )
    clock.move(WEEK_MS / 1000)
    ended = await door.database.write(
        lambda conn: credentials.end_overlaps_in(conn, now_ms=desk.now_ms)
    )
    assert [(one.device, one.proven) for one in ended] == [(DEVICE, False)]
    row = await desk.row()
    assert (row.state, row.enrolled_at_ms, row.previous_login) == ("issued", None, None)


async def test_an_overlap_that_the_new_key_ended_keeps_the_enrolment(
    door: Door, desk: Desk
) -> None:
    new = await desk.issue()
    await door.database.write(
        lambda conn: conn.execute(devices.update().values(state="enrolled", enrolled_at_ms=5))
    )
    await desk.takes(press(new, 1))
    ended = await door.database.write(
        lambda conn: credentials.end_overlaps_in(conn, now_ms=desk.now_ms + 10_000)
    )
    assert [(one.login, one.proven) for one in ended] == [(door.button.login, True)]
    assert (await desk.row()).state == "enrolled"


async def test_a_revoked_device_is_unknown_from_that_moment(door: Door, desk: Desk) -> None:
    new = await desk.issue()
    await door.database.write(lambda conn: credentials.revoke_in(conn, DEVICE, at_ms=desk.now_ms))
    for given in (door.button, new):
        assert await desk.takes(press(given, 1)) is RefusalReason.UNKNOWN_DEVICE
        assert not await desk.may(given)
    assert await door.database.read(desk.registry.broker_logins_in) == {}


async def test_a_found_device_is_issued_again_with_nothing_of_before(
    door: Door, desk: Desk
) -> None:
    await door.database.write(lambda conn: credentials.revoke_in(conn, DEVICE, at_ms=desk.now_ms))
    new = await desk.issue()
    row = await desk.row()
    assert (row.state, row.revoked_at_ms, row.tested_at_ms) == ("issued", None, None)
    assert await desk.takes(press(door.button, 1)) is RefusalReason.BAD_SIGNATURE
    assert await desk.takes(press(new, 2)) is None


async def test_an_unsigned_device_is_given_a_login_and_no_key(door: Door, desk: Desk) -> None:
    planned = [PlannedDevice("u-1", "button", unsigned=True)]
    await door.database.write(lambda conn: desk.registry.register_planned_in(conn, planned))
    given = await desk.issue("u-1")
    assert given.key == b""
    assert await desk.may(given)


async def test_a_login_never_has_the_name_of_another_device(door: Door, desk: Desk) -> None:
    await desk.issue()
    taken = (await desk.row()).login
    await door.database.write(lambda conn: desk.registry.enrol_in(conn, taken))
    assert (await desk.row(taken)).login != taken


async def test_a_first_test_enrols_once_and_later_ones_only_move_the_date(
    door: Door, desk: Desk
) -> None:
    at_ms = desk.now_ms + 5_000
    enrol = lambda tests: door.database.write(  # noqa: E731
        lambda conn: credentials.enrol_tested_in(conn, tests)
    )
    assert await enrol({DEVICE: at_ms}) == [DEVICE]
    assert await enrol({DEVICE: at_ms + 1}) == []
    assert await enrol({DEVICE: at_ms}) == []
    row = await desk.row()
    assert (row.state, row.enrolled_at_ms, row.tested_at_ms) == ("enrolled", at_ms, at_ms + 1)


async def test_a_test_of_before_the_label_enrols_nobody(
    door: Door, desk: Desk, clock: HandClock
) -> None:
    tested_ms = desk.now_ms
    clock.move(60)
    await desk.issue()
    enrolled = await door.database.write(
        lambda conn: credentials.enrol_tested_in(conn, {DEVICE: tested_ms})
    )
    assert enrolled == []
    assert (await desk.row()).state == "issued"


async def test_a_test_of_a_revoked_device_changes_nothing(door: Door, desk: Desk) -> None:
    await door.database.write(lambda conn: credentials.revoke_in(conn, DEVICE, at_ms=desk.now_ms))
    await door.database.write(lambda conn: credentials.enrol_tested_in(conn, {DEVICE: desk.now_ms}))
    row = await desk.row()
    assert (row.state, row.tested_at_ms) == ("revoked", None)


async def test_who_is_revoked_is_told_in_the_refusal(door: Door, desk: Desk) -> None:
    await door.database.write(lambda conn: credentials.revoke_in(conn, DEVICE, at_ms=desk.now_ms))
    record = (await desk.registry.lookup([DEVICE]))[DEVICE]
    assert record.state is DeviceState.REVOKED
    message = press(door.button, 1)
    with pytest.raises(Unacceptable, match="was revoked"):
        check_press(
            decode_press(DEVICE, message.payload), record, now_ms=desk.now_ms, retained=False
        )
