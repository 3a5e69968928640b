"""While a maintenance window is in force no new order is made of the devices that it covers."""

import pytest
from sqlalchemy import update

from linkage.quiet import storage as quiet
from linkage.quiet.model import QuietWindow, WindowSort
from linkage.quiet.schema import quiet_windows
from tests.linkage.supervision.room import HOUR, Room

WELL = {"battery": 0.9, "tamper": False}
ILL = {"battery": 0.1, "tamper": True}


@pytest.fixture
async def town(room: Room) -> Room:
    await room.place("a", "b")
    for village in ("a", "b"):
        await room.register([f"{village}{n}" for n in range(8)], group=f"{village}-g1")
    room.say(*everybody(), **WELL)
    await room.look()
    return room


def everybody(*villages: str) -> list[str]:
    return [f"{village}{n}" for village in villages or ("a", "b") for n in range(8)]


async def work_on(
    room: Room, *, sort: WindowSort = WindowSort.MAINTENANCE, hours: float = 2.0, **where: object
) -> None:
    begin_ms = room.ms(room.clock.monotonic() - 1000.0)
    window = QuietWindow(
        id=f"w-{begin_ms}",
        sort=sort,
        reason="换电池",
        author="leader",
        made_at_ms=begin_ms,
        begin_ms=begin_ms,
        end_ms=begin_ms + round(hours * 3_600_000),
        **{name: frozenset(ids) for name, ids in where.items()},  # type: ignore[arg-type]
    )
    await room.database.write(lambda conn: quiet.add_window(conn, window))


async def test_what_is_worked_on_has_no_order_and_its_neighbour_has(town: Room) -> None:
    await work_on(town, devices={"a1"})
    town.say("a1", "a2", **ILL)
    await town.look(1)
    assert await town.open() == [("low", "a2"), ("tampered", "a2")]


async def test_what_is_still_wrong_when_it_is_over_is_found_then(town: Room) -> None:
    await work_on(town, devices={"a1"}, hours=0.05)
    town.say("a1", **ILL)
    await town.look(0.05 * HOUR - 1)
    assert await town.open() == []
    await town.look(1)
    assert await town.open() == [("low", "a1"), ("tampered", "a1")]


async def test_a_window_that_is_ended_early_holds_nothing_back_any_more(town: Room) -> None:
    await work_on(town, devices={"a1"})
    town.say("a1", **ILL)
    await town.look(1)
    ended = update(quiet_windows).values(end_ms=town.ms())
    await town.database.write(lambda conn: conn.execute(ended))
    await town.look(1)
    assert await town.open() == [("low", "a1"), ("tampered", "a1")]


async def test_a_village_whose_mast_is_worked_on_is_not_found_silent_until_it_is_over(
    town: Room,
) -> None:
    await work_on(town, villages={"a"}, hours=1)
    for _ in range(5):
        await town.look(599)
        town.say(*everybody("b"), **WELL)
    assert await town.open() == []
    for _ in range(2):
        await town.look(599)
        town.say(*everybody("b"), **WELL)
    assert await town.open() == [("village", None)]
    assert await town.orders("village_id", kind="village") == ["a"]


async def test_what_is_worked_on_does_not_make_its_village_look_down(town: Room) -> None:
    await work_on(town, devices=set(everybody("a")[:5]))
    await town.look(599)
    town.say(*everybody("b"), *everybody("a")[6:], **WELL)
    await town.look(121)
    assert await town.open() == [("silent", "a5")]


async def test_an_order_that_was_there_before_ends_as_ever(town: Room) -> None:
    town.say("a1", **ILL)
    await town.look(1)
    await work_on(town, devices={"a1"})
    town.say("a1", **WELL)
    await town.look(1)
    assert await town.orders("kind", "state") == [("low", "done"), ("tampered", "recovered")]


async def test_a_revoked_device_that_speaks_is_found_all_the_same(town: Room) -> None:
    await work_on(town, devices={"a1"})
    await town.change("a1", state="revoked")
    town.say("a1")
    await town.look(1)
    assert await town.open() == [("revoked", "a1")]


@pytest.mark.parametrize(
    "where", [{"cameras": {"cam-1"}}, {"layers": {"community"}}, {"devices": {"b1"}}], ids=str
)
async def test_a_window_for_something_else_holds_nothing_back(
    town: Room, where: dict[str, object]
) -> None:
    await work_on(town, villages={"a"}, **where)
    town.say("a1", **ILL)
    await town.look(1)
    assert len(await town.open()) == 2


async def test_a_silence_holds_back_cameras_only(town: Room) -> None:
    await work_on(town, sort=WindowSort.SILENCE, villages={"a"})
    town.say("a1", **ILL)
    await town.look(1)
    assert len(await town.open()) == 2
