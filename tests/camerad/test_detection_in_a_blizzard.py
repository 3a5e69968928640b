"""However much is in the picture, what is done about it has a bound."""

import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Foreground
from camerad.detection.blobs import MOST_BLOBS, Blob, find_blobs
from camerad.detection.settings import DetectionSettings
from camerad.detection.tracker import MOST_TRACKS, Tracker

Luma = NDArray[np.uint8]
SETTINGS = DetectionSettings()
FRAME = np.full((216, 384), 120, np.uint8)


def flakes(chance: np.random.Generator) -> Luma:
    """Nine hundred of them; some touch."""
    mask = np.zeros(FRAME.shape, np.uint8)
    for y, x in zip(chance.integers(0, 208, 900), chance.integers(0, 378, 900), strict=True):
        mask[y : y + 6, x : x + 4] = 255
    return mask


def bodies(mask: Luma) -> list[Blob]:
    return find_blobs(Foreground(mask, mask, FRAME, FRAME, share=0.2), SETTINGS)


def test_the_pairs_of_track_and_blob_in_dense_snow_have_a_bound() -> None:
    chance, tracker, pairs = np.random.default_rng(3), Tracker(SETTINGS), []
    for look in range(25):
        blobs = bodies(flakes(chance))
        pairs.append(len(tracker.tracks) * len(blobs))
        tracker.step(FRAME, blobs, 0.2 * look)
    assert max(pairs) <= MOST_TRACKS * MOST_BLOBS
    assert max(pairs) > 0.5 * MOST_TRACKS * MOST_BLOBS, "this was no dense snow"


def test_who_walks_through_dense_snow_is_not_among_what_is_left_out() -> None:
    chance, tracker = np.random.default_rng(4), Tracker(SETTINGS)
    seen = []
    for look in range(25):
        mask = np.zeros(FRAME.shape, np.uint8)
        for y, x in zip(chance.integers(0, 35, 130), chance.integers(0, 63, 130), strict=True):
            mask[6 * y : 6 * y + 4, 6 * x : 6 * x + 4] = 255
        left = 40 + 8 * look
        mask[76:164, left - 6 : left + 38] = 0
        mask[80:160, left : left + 32] = 255
        tracker.step(FRAME, bodies(mask), 0.2 * look)
        seen += [t.number for t in tracker.confirmed() if t.visible and abs(t.h - 80.0) < 8.0]
    assert len(set(seen)) == 1
    assert len(seen) > 18
