"""The keeper: what it ends, whom it throws out, and that it tries again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from alarms.devices import BrokerLogin, PlannedDevice
from alarms.model import LoginOwner
from alarms.mosquitto import DEVICE_PASSWORDS, DEVICE_RIGHTS
from alarms.store.tables import devices
from lianfang_timing import unix_ms
from linkage.accounts.rights import Places
from linkage.enrolment.changing import RevokeReason, revoke
from linkage.enrolment.doors import MosquittoDoor
from linkage.enrolment.keeper import EnrolmentKeeper
from linkage.enrolment.mosquitto_files import device_files
from linkage.errors import BadSettings
from linkage.registry.history import Caller, history_of
from linkage.registry.model import Entity
from tests.linkage.web_house import House, house

DEVICE = "dongcun-017-1"
WEEK_S = 7 * 86_400


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        planned = [PlannedDevice(DEVICE, "button", "dongcun-017")]
        await made.database.write(lambda conn: made.devices.register_planned_in(conn, planned))
        await made.enrolment.issue(caller(made), [DEVICE])
        yield made


def caller(town: House) -> Caller:
    return Caller("admin", "", Places(None), unix_ms(town.clock.now()), "test")


def keeper_of(town: House, door=None) -> EnrolmentKeeper:
    return EnrolmentKeeper(
        town.database, town.clock, door or town.door, town.enrolment, writer="test"
    )


async def test_an_overlap_that_nobody_answered_ends_is_written_down_and_thrown_out(
    town: House,
) -> None:
    await town.enrolment.rotate(caller(town), DEVICE)
    keeper = keeper_of(town)
    await keeper.run_once()
    assert town.door.let_go_of == []
    town.clock.move(WEEK_S)
    await keeper.run_once()
    assert town.door.let_go_of == [DEVICE]
    (last, *_) = await town.database.read(lambda conn: history_of(conn, Entity.DEVICE, DEVICE))
    assert (last.actor, last.data["overlap"]) == ("system", "lapsed-unheard")
    await keeper.run_once()
    assert town.door.let_go_of == [DEVICE]


async def test_what_others_revoked_is_thrown_out(town: House) -> None:
    keeper = keeper_of(town)
    await keeper.run_once()
    settled = town.door.settled
    await town.database.write(
        lambda conn: revoke(conn, caller(town), DEVICE, RevokeReason.TAKEN_DOWN)
    )
    await keeper.run_once()
    assert (town.door.let_go_of, town.door.settled) == ([DEVICE], settled + 1)


async def test_a_broker_that_could_not_be_told_is_told_later(town: House) -> None:
    class Stubborn:
        tries = 0

        async def settle(self) -> None:
            self.tries += 1
            if self.tries == 1:
                raise BadSettings("the folder is not there")

        async def let_go(self, device: str, login: str | None = None) -> None:
            raise AssertionError("nobody is to go")

    door = Stubborn()
    keeper = keeper_of(town, door)
    with pytest.raises(BadSettings):
        await keeper.run_once()
    await keeper.run_once()
    await keeper.run_once()
    assert door.tries == 2


async def test_mosquittos_files_hold_both_logins_of_a_device_that_is_rotated(
    town: House, tmp_path: Path
) -> None:
    folder = tmp_path / "mosquitto"
    await asyncio.to_thread(folder.mkdir)
    door = MosquittoDoor(folder, town.database, town.devices, "lianfang")
    await town.enrolment.rotate(caller(town), DEVICE)
    statement = select(devices.c.login).where(devices.c.id == DEVICE)
    login = await town.database.read(lambda conn: conn.scalar(statement))
    await keeper_of(town, door).run_once()
    passwords = (folder / DEVICE_PASSWORDS).read_text(encoding="utf-8")
    rights = (folder / DEVICE_RIGHTS).read_text(encoding="utf-8")
    assert f"\n{DEVICE}:" in passwords
    assert f"\n{login}:" in passwords
    assert f"user {login}\ntopic deny lianfang/button/{login}/#\n" in rights
    assert f"topic write lianfang/button/{DEVICE}/press\n" in rights
    assert (folder / DEVICE_PASSWORDS).stat().st_mode & 0o777 == 0o640


async def test_files_that_are_right_are_not_written_again(town: House, tmp_path: Path) -> None:
    door = MosquittoDoor(tmp_path, town.database, town.devices, "lianfang")
    await door.settle()
    before = (tmp_path / DEVICE_PASSWORDS).stat().st_ino
    await door.settle()
    assert (tmp_path / DEVICE_PASSWORDS).stat().st_ino == before


def test_a_login_that_could_take_our_session_over_is_not_let_in() -> None:
    name = "lianfang-intake-main"
    files = device_files({name: BrokerLogin(LoginOwner(name, "button"), "$7$")}, "lianfang")
    assert name not in "".join(files.values())
