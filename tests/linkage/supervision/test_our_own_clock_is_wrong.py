"""When most devices of several villages tell another time than we do, it is ours: one order."""

import pytest

from alarms.model import DeviceState
from linkage.supervision import orders
from linkage.supervision.deciding import Watched, off_together
from linkage.supervision.model import Policy
from tests.linkage.supervision.room import Room

EVERY_S = 600
WRONG_S = 3600.0


async def a_town(room: Room, *villages: str, each: int = 4) -> list[str]:
    await room.place(*villages)
    ids = []
    for village in villages:
        there = [f"{village}{n}" for n in range(each)]
        await room.register(there, group=f"{village}-g1")
        ids += there
    return ids


class Town:
    """Devices that tell the time every ten minutes."""

    def __init__(self, room: Room, ids: list[str]) -> None:
        self.room, self.ids = room, ids

    async def round(self, times: int = 1, *, off: tuple[str, ...] = ()) -> None:
        """Everybody tells the time; those of `off` another one. One after the other, with a look
        after each, as in life."""
        room = self.room
        for _ in range(times):
            for device in self.ids:
                true_ms = round(room.clock.monotonic() * 1000) - 1_000_000 + room.ms()
                room.say(device, at_ms=true_ms - (7_200_000 if device in off else 0))
                await room.look(EVERY_S / len(self.ids))

    async def after(self) -> list[tuple[str, str | None]]:
        return sorted(await self.room.open(), key=str)


@pytest.fixture
async def town(room: Room) -> Town:
    return Town(room, await a_town(room, "a", "b"))


async def test_one_order_for_the_site_and_none_for_a_device(either_room: Room) -> None:
    room = either_room
    await room.person("chief", "administrator")
    town = Town(room, await a_town(room, "a", "b"))
    await town.round(2)
    room.clock.set_by(WRONG_S)
    await town.round(5)
    assert await town.after() == [("own-clock", None)]
    assert await room.orders("owner", "village_id", kind="own-clock") == [("chief", None)]
    assert len(await room.orders("state", kind="clock")) == len(town.ids)
    assert set(await room.orders("state", kind="clock")) == {"folded"}


async def test_it_is_over_when_our_clock_is_set_right(town: Town) -> None:
    await town.round(2)
    town.room.clock.set_by(WRONG_S)
    await town.round(5)
    town.room.clock.set_by(-WRONG_S)
    await town.round(5)
    assert await town.after() == []
    assert set(await town.room.orders("state")) == {"done"}


async def test_it_stands_over_a_restart(town: Town) -> None:
    await town.round(2)
    town.room.clock.set_by(WRONG_S)
    await town.round(5)
    await town.room.look_anew()
    await town.room.restart()
    await town.round(3)
    assert await town.after() == [("own-clock", None)]


async def test_a_device_with_a_wrong_clock_of_its_own_has_its_own_order_afterwards(
    town: Town,
) -> None:
    town.room.clock.set_by(WRONG_S)
    await town.round(5, off=("a1",))
    assert await town.after() == [("own-clock", None)]
    town.room.clock.set_by(-WRONG_S)
    await town.round(8, off=("a1",))
    assert await town.after() == [("clock", "a1")]


async def test_devices_of_one_village_with_wrong_clocks_are_theirs(town: Town) -> None:
    there = tuple(device for device in town.ids if device.startswith("a"))
    await town.round(5, off=there)
    assert await town.after() == [("clock", device) for device in there]


async def test_whoever_sees_to_it_ends_the_orders_it_stands_for(town: Town) -> None:
    town.room.clock.set_by(WRONG_S)
    await town.round(5)
    (own,) = await town.room.orders("id", kind="own-clock")
    await town.room.database.write(
        lambda conn: orders.finish(conn, own, by="chief", note="", now_ms=1)
    )
    assert set(await town.room.orders("state")) == {"done"}
    details = await town.room.orders("detail", kind="clock")
    assert all("clock-is-right" in said for said in details)


def device(name: str, village: str, *, off: int = 3, told: int = 10, since: int = 5) -> Watched:
    made = Watched(name, DeviceState.ENROLLED, village, first=0)
    made.clock_off, made.told, made.off_since = off, told, since
    return made


OFF = [device(f"d{n}", f"v{n % 2}") for n in range(6)]


def test_most_of_those_that_told_the_time_since_must_be_off() -> None:
    good = [device(f"g{n}", "v0", off=0) for n in range(6)]
    assert off_together(OFF[:1], OFF + good, Policy()) == {d.id for d in OFF}
    assert off_together(OFF[:1], [*OFF, *good, device("g7", "v0", off=0)], Policy()) == frozenset()


def test_those_that_told_it_before_or_never_say_nothing() -> None:
    before = [device(f"g{n}", "v0", off=0, told=4) for n in range(20)]
    never = [device(f"n{n}", "v0", off=0) for n in range(20)]
    for one in never:
        one.told = None
    assert off_together(OFF[:1], [*OFF, *before, *never], Policy()) == {d.id for d in OFF}


def test_a_few_devices_prove_nothing() -> None:
    assert off_together(OFF[:1], OFF[:4], Policy()) == frozenset()


def test_where_all_devices_are_of_one_village_theirs_are_enough() -> None:
    there = [device(f"d{n}", "v0") for n in range(5)]
    assert off_together(there[:1], there, Policy()) == {d.id for d in there}
    elsewhere = device("e", "v1", off=0, told=0)
    assert off_together(there[:1], [*there, elsewhere], Policy()) == frozenset()
