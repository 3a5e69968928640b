"""Lanes: who floods waits for itself."""

from alarms.lanes import Lanes


def test_a_batch_takes_from_every_sender_and_little_from_who_floods() -> None:
    lanes: Lanes[int] = Lanes(at_a_turn=3)
    for number in range(100):
        lanes.put("hostile", number)
    lanes.put("neighbour", 500)
    assert lanes.take(50) == [0, 1, 2, 500]
    assert len(lanes) == 97


def test_who_had_a_turn_goes_behind_who_had_none() -> None:
    lanes: Lanes[str] = Lanes(at_a_turn=1)
    for sender in "abc":
        lanes.put(sender, f"{sender}1")
        lanes.put(sender, f"{sender}2")
    assert lanes.take(2) == ["a1", "b1"]
    assert lanes.take(2) == ["c1", "a2"]
    assert lanes.take(2) == ["b2", "c2"]
    assert lanes.take(2) == []


def test_what_one_sender_sent_keeps_its_order_and_nothing_is_dropped() -> None:
    lanes: Lanes[int] = Lanes(at_a_turn=32)
    for number in range(1000):
        lanes.put("one", number)
    taken = []
    while batch := lanes.take(512):
        taken += batch
    assert taken == list(range(1000))
    assert len(lanes) == 0
