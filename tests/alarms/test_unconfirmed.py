"""What was published and not confirmed: its window, its order, its second sending."""

import itertools

import pytest

from alarms.mqtt_packets import Published, end_of, published
from alarms.unconfirmed import Unconfirmed


def made(window: int = 10, numbers: tuple[int, ...] = tuple(range(1, 100))) -> Unconfirmed:
    return Unconfirmed(itertools.cycle(numbers).__next__, window=window)


def read(packets: list[bytes]) -> list[Published]:
    found = []
    for packet in packets:
        whole = end_of(packet, 0)
        assert whole is not None
        assert whole[1] == len(packet)
        message = published(packet[0], packet[whole[0] :])
        assert message is not None
        found.append(message)
    return found


@pytest.mark.parametrize("payload", [b"", b"x", b"y" * 127, b"z" * 20_000])
def test_a_message_comes_out_as_it_was_given(payload: bytes) -> None:
    unconfirmed = made()
    unconfirmed.add("村/1", payload, retain=True)
    assert read(unconfirmed.next_packets()) == [
        Published("村/1", payload, mid=1, retained=True, redelivered=False)
    ]
    assert unconfirmed.next_packets() == []


def test_no_more_than_the_window_is_sent_until_the_broker_confirms() -> None:
    unconfirmed = made(window=2)
    for name in "abc":
        unconfirmed.add(name, b"")
    assert [m.topic for m in read(unconfirmed.next_packets())] == ["a", "b"]
    assert unconfirmed.next_packets() == []
    unconfirmed.confirmed(1)
    assert [m.topic for m in read(unconfirmed.next_packets())] == ["c"]


def test_a_number_in_use_is_not_given_again() -> None:
    unconfirmed = made(numbers=(1, 2, 3))
    for name in "abc":
        unconfirmed.add(name, b"")
    unconfirmed.next_packets()
    unconfirmed.confirmed(2)
    unconfirmed.add("d", b"")
    assert [m.mid for m in read(unconfirmed.next_packets())] == [2]


def test_a_new_connection_gets_again_what_was_not_confirmed_as_such_and_under_its_number() -> None:
    unconfirmed = made(window=2)
    for name in "abc":
        unconfirmed.add(name, b"")
    unconfirmed.next_packets()
    unconfirmed.confirmed(1)
    assert read(unconfirmed.packets_again()) == [
        Published("b", b"", mid=2, retained=False, redelivered=True)
    ]
    assert [m.topic for m in read(unconfirmed.next_packets())] == ["c"]


def test_who_published_is_told_once() -> None:
    told: list[int] = []
    unconfirmed = made()
    unconfirmed.add("a", b"", on_confirmed=lambda: told.append(1))
    unconfirmed.next_packets()
    unconfirmed.confirmed(7)
    assert told == []
    unconfirmed.confirmed(1)
    unconfirmed.confirmed(1)
    assert told == [1]
    assert len(unconfirmed) == 0
