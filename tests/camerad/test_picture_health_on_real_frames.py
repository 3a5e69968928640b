"""Tamper composited on real footage: found when it is one, silent when it is not."""

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.loitering_quality import DATA
from camerad.clip import Clip
from camerad.model import EventName
from tests.camerad import films_of_trouble as made

pytestmark = pytest.mark.skipif(
    not (DATA / "labels.json").exists(),
    reason="NO REAL FOOTAGE: ../shared/data is absent, so tamper is not checked on real frames",
)

CLIPS = ("vtest.avi", "one-by-one-person-detection.mp4")


@cache
def pictures(file: str) -> tuple[NDArray[np.uint8], ...]:
    """Two a second, small."""
    found = []
    with Clip(DATA / file) as clip:
        for index, (luma, _) in enumerate(clip):
            if index % 5 == 0:
                size = (320, round(320 * luma.shape[0] / luma.shape[1]))
                small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
                found.append(np.asarray(small, np.uint8))
            if len(found) == 120:
                break
    return tuple(found)


def film(file: str) -> Iterator[tuple[NDArray[np.uint8], float]]:
    return ((picture, index / 2.0) for index, picture in enumerate(pictures(file)))


@pytest.mark.parametrize("file", CLIPS)
@pytest.mark.parametrize(
    "spoil",
    [
        made.black,
        made.covered,
        made.no_signal,
        made.washed_out,
        made.defocused,
        made.turned,
        made.sprayed,
    ],
)
def test_a_spoilt_picture_is_told_within_10_s_and_ends_by_itself(file: str, spoil) -> None:
    said = made.watched(film(file), made.between(20.0, 36.0, spoil))
    assert [d.name for d in said] == [EventName.TAMPER_STARTED, EventName.TAMPER_ENDED]
    assert 20.0 < said[0].t_s <= 30.0
    assert 36.0 < said[1].t_s <= 41.0


HARMLESS = {
    "nothing": lambda picture, t_s: picture,
    "a lorry for 6 s": made.lorry(20.0),
    "nightfall": made.nightfall(40.0, 0.05),
    "infrared comes on": made.between(20.0, 99.0, made.infrared),
    "a lamp goes out": made.between(20.0, 99.0, made.lamp_off),
    "wind shakes the mast": made.shaken,
    "rain": made.raining,
    "headlights": made.headlights(20.0),
}


@pytest.mark.parametrize("file", CLIPS)
@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_merely_happens_is_no_tamper(file: str, harmless: str) -> None:
    assert made.watched(film(file), HARMLESS[harmless]) == []


@pytest.mark.parametrize("file", ["car-detection.mp4", "traffic_camera.mp4"])
def test_roads_full_of_cars_are_no_tamper(file: str) -> None:
    assert made.watched(film(file), lambda picture, t_s: picture) == []
