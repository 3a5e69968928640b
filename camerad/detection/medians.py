"""The middle value, at little cost: `numpy.median` says the same in three to ten times the time."""

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]


def median(values: NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32]) -> float:
    """Of all values of an array that is not empty."""
    flat = values.ravel()
    half = len(flat) // 2
    if len(flat) % 2:
        return float(np.partition(flat, half)[half])
    least = np.partition(flat, (half - 1, half))
    return 0.5 * (float(least[half - 1]) + float(least[half]))


def median_of_five(a: Luma, b: Luma, c: Luma, d: Luma, e: Luma) -> Luma:
    """Of five pictures of one size, pixel by pixel.

    Of the first four neither the least nor the greatest can be it; it is the middle one of the
    other two and the fifth.
    """
    low = cv2.max(cv2.min(a, b), cv2.min(c, d))
    high = cv2.min(cv2.max(a, b), cv2.max(c, d))
    return np.asarray(cv2.max(cv2.min(low, high), cv2.min(e, cv2.max(low, high))), np.uint8)
