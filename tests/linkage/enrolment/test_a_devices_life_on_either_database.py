"""Registering, issuing, testing, rotating, ending, revoking, listing: the same on both engines."""

from alarms import credentials
from alarms.devices import DeviceRegistry, PlannedDevice
from alarms.judging import Judge
from alarms.log import AlarmLog
from alarms.store import Database, SealedBox
from lianfang_timing import unix_ms
from linkage.accounts.rights import Places
from linkage.enrolment import changing
from linkage.enrolment.changing import RevokeReason
from linkage.enrolment.listing import Filters, list_devices
from linkage.registry.history import Caller
from tests.alarms.test_credentials import press
from tests.linkage.web_house import HandClock

HOUR_MS = 3_600_000


async def test_a_devices_whole_life(either_database: Database) -> None:
    database, clock, box = either_database, HandClock(), SealedBox(bytes(32))
    registry = DeviceRegistry(database, box, clock)
    log = AlarmLog(database, clock, writer="test")
    judge = Judge(registry, clock, "lianfang")
    start_ms = unix_ms(clock.now())
    caller = Caller("admin", "", Places(None), start_ms, "test")

    async def state(health: str | None = None) -> list[str]:
        page = await database.read(
            lambda conn: list_devices(conn, Places(None), Filters(health=health, search="D-"))
        )
        return [one.state for one in page.items]

    planned = [PlannedDevice("d-1", "button"), PlannedDevice("other", "siren")]
    await database.write(lambda conn: registry.register_planned_in(conn, planned))
    assert await state("unsupervised") == ["planned"]
    (first,) = await database.write(
        lambda conn: changing.issue(conn, box, caller, ["d-1"], overlap_ms=HOUR_MS)
    )
    assert await state("never-heard") == ["issued"]
    await database.write(lambda conn: credentials.enrol_tested_in(conn, {"d-1": start_ms}))
    assert await state("ok") == ["enrolled"]
    second = await database.write(
        lambda conn: changing.rotate(conn, box, caller, "d-1", overlap_ms=HOUR_MS)
    )
    for given in (first.given, second.given):
        assert await registry.may_log_in(given.login, given.password) is not None
    message = press(second.given, 1)
    judged, _ = await log.take_in(lambda conn: judge(conn, [message]))
    assert not judged.refusals
    assert await registry.may_log_in(first.given.login, first.given.password) is None
    (ended,) = await database.write(lambda conn: credentials.end_overlaps_in(conn, now_ms=start_ms))
    assert ended.proven
    await database.write(lambda conn: changing.revoke(conn, caller, "d-1", RevokeReason.LOST))
    assert await state() == ["revoked"]
    assert await database.read(registry.broker_logins_in) == {}
