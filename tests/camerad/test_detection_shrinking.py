"""Pictures of any size become about as wide as asked for, and stay the same picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad.detection.shrinking import shrunk


@given(
    width=st.integers(1, 2600), height=st.integers(1, 1600), wanted=st.sampled_from([96, 320, 384])
)
def test_a_picture_of_any_size_is_at_most_as_wide_and_hardly_narrower(
    width: int, height: int, wanted: int
) -> None:
    small = shrunk(np.zeros((height, width), np.uint8), wanted)
    assert small.shape[1] <= wanted
    assert small.shape[1] >= min(width, wanted * 7 // 8) - 1


@pytest.mark.parametrize("size", [(576, 704), (576, 768), (1080, 1920), (719, 1279)])
def test_what_stands_in_the_picture_stands_there_still(size: tuple[int, int]) -> None:
    height, width = size
    luma = np.zeros(size, np.uint8)
    luma[height // 4 : height // 2, width // 2 : width * 3 // 4] = 200
    small = shrunk(luma, 384)
    rows, columns = np.nonzero(small > 100)
    box = columns.min() / small.shape[1], rows.min() / small.shape[0]
    assert box == pytest.approx((0.5, 0.25), abs=0.01)
    assert small.mean() == pytest.approx(luma.mean(), rel=0.02)


def test_a_picture_that_is_small_already_is_not_touched() -> None:
    luma = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert shrunk(luma, 384) is luma
