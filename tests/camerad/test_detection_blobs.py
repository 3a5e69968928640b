"""Bodies out of a foreground mask."""

import numpy as np

from camerad.detection.background import Foreground
from camerad.detection.blobs import Blob, find_blobs
from camerad.detection.settings import DetectionSettings

SIZE = (216, 384)


def foreground(
    solid: list[tuple[int, int, int, int]], shadow: list[tuple[int, int, int, int]] | None = None
) -> Foreground:
    """Rectangles (x, y, w, h) that differ clearly, and ones that differ as a shadow does."""
    mask = np.zeros(SIZE, np.uint8)
    sure = np.zeros(SIZE, np.uint8)
    for x, y, w, h in shadow or []:
        mask[y : y + h, x : x + w] = 255
    for x, y, w, h in solid:
        mask[y : y + h, x : x + w] = 255
        sure[y : y + h, x : x + w] = 255
    return Foreground(mask, sure, np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8), 0.0)


def boxes(found: list[Blob]) -> list[tuple[float, float, float, float]]:
    return sorted((b.x, b.y, b.w, b.h) for b in found)


def find(seen: Foreground) -> list[Blob]:
    return find_blobs(seen, DetectionSettings())


def test_a_body_has_its_box() -> None:
    assert boxes(find(foreground([(100, 60, 14, 40)]))) == [(100, 60, 14, 40)]


def test_specks_are_no_bodies() -> None:
    assert find(foreground([(10, 10, 3, 3), (200, 100, 2, 5)])) == []


def test_a_shadow_on_the_ground_does_not_widen_the_body() -> None:
    (x, y, w, h) = boxes(find(foreground([(100, 60, 14, 40)], [(100, 94, 50, 8)])))[0]
    assert (x, w) == (100, 14)
    assert y + h == 100


def test_two_people_whom_only_shadow_joins_are_two() -> None:
    found = find(foreground([(100, 60, 14, 40), (130, 62, 14, 40)], [(100, 90, 44, 12)]))
    assert boxes(found) == [(100, 60, 14, 40), (130, 62, 14, 40)]


def test_a_body_as_grey_as_a_shadow_is_still_a_body() -> None:
    assert boxes(find(foreground([], [(100, 60, 14, 40)]))) == [(100, 60, 14, 40)]


def test_grey_legs_are_not_cut_off() -> None:
    (box,) = boxes(find(foreground([(100, 60, 14, 20)], [(100, 80, 14, 22)])))
    assert box[1] + box[3] == 102


def test_a_body_at_the_lower_edge_is_known_to_be_cut() -> None:
    (blob,) = find(foreground([(100, 180, 20, 36)]))
    assert blob.cut_bottom
    assert not blob.cut_side


def test_a_body_at_the_side_is_known_to_be_cut() -> None:
    (blob,) = find(foreground([(0, 100, 12, 36)]))
    assert blob.cut_side
