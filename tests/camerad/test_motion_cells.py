"""Where it moved is told as a coarse grid when motion ends."""

import numpy as np

from camerad.detection.blobs import Blob
from camerad.detection.cells import COLUMNS, ROWS, packed, touched
from camerad.detection.motion import Motion
from camerad.detection.settings import DetectionSettings
from camerad.model import EventName, Zone, ZoneKind

WIDTH, HEIGHT = 384, 216
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def moving(x: int, y: int) -> np.ndarray:
    """A body of 24 by 24 pixels, which is one cell, from this cell on."""
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    picture[y * 24 : (y + 1) * 24, x * 24 : (x + 1) * 24] = 255
    return picture


def cells(text: str) -> set[tuple[int, int]]:
    bits = f"{int(text, 16):0{COLUMNS * ROWS}b}"
    return {(n % COLUMNS, n // COLUMNS) for n, bit in enumerate(bits) if bit == "1"}


def test_a_cell_is_touched_when_a_body_moves_in_it_and_not_by_a_speck() -> None:
    assert cells(packed(touched(moving(3, 4)))) == {(3, 4)}
    speck = np.zeros((HEIGHT, WIDTH), np.uint8)
    speck[0, 0] = 255
    assert cells(packed(touched(speck))) == set()
    assert len(packed(touched(speck))) == 36


def test_the_end_of_motion_says_where_all_of_it_was_and_the_next_begins_anew() -> None:
    motion = Motion(
        [Zone("all", ZoneKind.MOTION, EVERYWHERE)], (WIDTH, HEIGHT), DetectionSettings()
    )
    said = []
    ways = ([(1, 1), (2, 1), (3, 2)], [(9, 8)] * 3)
    t_s = 0.0
    for way in ways:
        for x, y in way:
            t_s += 0.2
            blob = Blob(x * 24.0, y * 24.0, 24.0, 24.0, 576)
            said += motion.step([blob], moving(x, y), t_s, [True])
        t_s += 10.0
        said += motion.step([], np.zeros((HEIGHT, WIDTH), np.uint8), t_s, [True])
    ended = [one for one in said if one.name is EventName.MOTION_ENDED]
    assert [cells(one.cells) for one in ended] == [set(ways[0]), {(9, 8)}]


def test_motion_that_lasts_to_the_end_says_where_it_was_too() -> None:
    motion = Motion(
        [Zone("all", ZoneKind.MOTION, EVERYWHERE)], (WIDTH, HEIGHT), DetectionSettings()
    )
    for n in range(3):
        blob = Blob(24.0, 24.0, 24.0, 24.0, 576)
        motion.step([blob], moving(1, 1), 0.2 * n, [True])
    (ended,) = motion.finish(1.0)
    assert cells(ended.cells) == {(1, 1)}
