"""A mast fails: one order for the village in place of hundreds."""

from linkage.supervision import orders
from tests.linkage.supervision.room import DAY, HOUR, MINUTE, Room

IDS = [f"b{n:02}" for n in range(60)]
EVERY = 3600


async def an_hourly_village(room: Room) -> None:
    """Sixty buttons that have spoken for an hour, one each minute; the first is the next."""
    await room.place("dongcun", "xicun")
    await room.register(IDS, group="dongcun-g1")
    for device in IDS:
        room.say(device, every_s=EVERY)
        room.clock.forward(MINUTE)
    await room.look()


async def speaking(room: Room, minutes: int, ids: list[str] = IDS, begin: int = 0) -> None:
    """Each minute the button whose turn it is speaks, if it is one of `ids`."""
    for minute in range(begin, begin + minutes):
        turn = IDS[minute % 60]
        if turn in ids:
            room.say(turn, every_s=EVERY)
        await room.look(MINUTE)


async def visible(room: Room) -> list[tuple[str, str | None]]:
    return await room.open()


async def silence(room: Room, minutes: int) -> None:
    for _ in range(0, minutes, 5):
        await room.look(5 * MINUTE)


async def test_mast_that_fails_is_one_order_from_the_first_device_found_on(either_room):
    room = either_room
    await an_hourly_village(room)
    await room.look(2 * MINUTE)
    assert await visible(room) == []
    for _ in range(8):
        # by then five are behind, though not all of them have had their grace
        await room.look(10 * MINUTE)
        assert await visible(room) == [("village", None)]
    assert (await room.orders("state")).count("folded") == 60


async def test_few_that_are_found_at_first_are_folded_in_when_they_are_seen_to_be_many(room):
    await an_hourly_village(room)
    await room.look(3 * MINUTE)
    assert await visible(room) == [("silent", "b00")]
    await room.look(2 * MINUTE)
    assert await visible(room) == [("village", None)]


async def test_those_that_fell_silent_by_themselves_just_before_are_folded_in(room):
    await an_hourly_village(room)
    await speaking(room, 32, ids=IDS[2:])
    assert sorted(await visible(room)) == [("silent", "b00"), ("silent", "b01")]
    await silence(room, 70)
    assert await visible(room) == [("village", None)]


async def test_single_devices_of_a_living_village_are_single_orders(room):
    await an_hourly_village(room)
    dead = set(IDS[::6])
    await speaking(room, 130, ids=[i for i in IDS if i not in dead])
    assert sorted(await visible(room)) == sorted(("silent", i) for i in dead)


async def test_last_wills_of_a_whole_village_are_one_order_too(room):
    await an_hourly_village(room)
    room.say(*IDS, online=False, every_s=EVERY)
    await room.look(15 * MINUTE)
    assert await visible(room) == [("village", None)]


async def test_other_village_is_its_own(room):
    await an_hourly_village(room)
    await room.register(["w1", "w2"], group="xicun-g1")
    room.say("w1", "w2", every_s=EVERY)
    await room.look(2 * HOUR)
    assert sorted(await visible(room)) == [("silent", "w1"), ("silent", "w2"), ("village", None)]


async def test_mast_that_is_back_ends_the_order_and_who_stays_silent_is_found_singly(room):
    await an_hourly_village(room)
    await silence(room, 70)
    alive = [i for i in IDS if i != "b59"]
    await speaking(room, 60, ids=alive)
    assert await room.orders("state", kind="village") == ["done"]
    assert await visible(room) == []
    await speaking(room, 63, ids=alive)
    assert await visible(room) == [("silent", "b59")]


async def test_devices_that_come_back_one_by_one_keep_it_open_until_half_are_there(room):
    await an_hourly_village(room)
    await silence(room, 70)
    await speaking(room, 30, ids=IDS)
    assert await visible(room) == [("village", None)]
    await speaking(room, 1, ids=IDS, begin=30)
    assert await visible(room) == []


async def test_restart_while_the_mast_is_down_makes_nothing(either_room):
    room = either_room
    await an_hourly_village(room)
    await silence(room, 70)
    before = await room.orders("id", "state")
    await room.look_anew()
    await room.restart(away_s=DAY)
    await silence(room, 130)
    assert await room.orders("id", "state") == before


async def test_village_order_done_by_hand_gives_everybody_his_time_anew(room):
    await an_hourly_village(room)
    await silence(room, 70)
    (order_id,) = await room.orders("id", kind="village")
    now_ms = int(room.clock.now().timestamp() * 1000)
    await room.database.write(
        lambda conn: orders.finish(conn, order_id, by="head", note="", now_ms=now_ms)
    )
    await room.look()
    await room.look(HOUR)
    assert await visible(room) == []
    await room.look(3 * MINUTE)
    assert await visible(room) == [("village", None)]
