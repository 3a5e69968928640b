"""A recorder that refuses its login is not asked by all of its channels."""

from dataclasses import replace

import pytest

from camerad.model import Camera
from camerad.refusals import Refusals


def channel(number: int, *, password: str = "old", host: str = "10.0.0.9") -> Camera:
    uri = f"rtsp://{host}/Streaming/Channels/{number}02"
    return Camera(f"c{number}", f"c{number}", uri, "admin", password)


@pytest.fixture
def refusals() -> Refusals:
    """To channels 1 and 2, at the tenth second."""
    made = Refusals()
    for number in (1, 2):
        made.note(channel(number), 10.0, is_refused=True)
    return made


def test_what_two_channels_were_refused_the_others_do_not_try(refusals: Refusals) -> None:
    assert refusals.stands(channel(3), 11.0, seen_s=None)
    assert refusals.stands(channel(3), 11.0, seen_s=9.0)


def test_one_channel_alone_says_nothing_of_the_others(refusals: Refusals) -> None:
    assert not refusals.stands(channel(1), 11.0, seen_s=None)
    assert not Refusals().stands(channel(1), 11.0, seen_s=None)


def test_after_a_while_somebody_tries_again(refusals: Refusals) -> None:
    assert not refusals.stands(channel(3), 28.0, seen_s=None)
    refusals.note(channel(3), 28.0, is_refused=True)
    assert refusals.stands(channel(1), 29.0, seen_s=None)


def test_who_was_let_in_since_is_not_held_back(refusals: Refusals) -> None:
    assert not refusals.stands(channel(3), 11.0, seen_s=10.5)


@pytest.mark.parametrize(
    "other",
    [
        channel(3, password="new"),
        channel(3, host="10.0.0.10"),
        replace(channel(3), username="viewer"),
    ],
    ids=["password", "host", "user"],
)
def test_another_login_or_another_device_is_another_matter(
    refusals: Refusals, other: Camera
) -> None:
    assert not refusals.stands(other, 11.0, seen_s=None)


def test_one_that_is_let_in_clears_it_for_all(refusals: Refusals) -> None:
    refusals.note(channel(4), 12.0, is_refused=False)
    assert not refusals.stands(channel(3), 13.0, seen_s=None)
