"""The quick medians are the medians."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad.detection.medians import median, median_of_five


@given(values=st.lists(st.integers(-300, 300), min_size=1, max_size=40))
def test_the_median_of_an_array_is_what_numpy_says(values: list[int]) -> None:
    array = np.array(values, np.int16)
    assert median(array) == float(np.median(array))


@pytest.mark.parametrize("seed", range(5))
def test_the_median_of_five_pictures_is_what_numpy_says_pixel_by_pixel(seed: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 256, (5, 9, 16), dtype=np.uint8)
    assert (median_of_five(*pictures) == np.median(pictures, axis=0)).all()
