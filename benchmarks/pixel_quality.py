"""Pixel F-measure of the foreground on CDnet 2014 "highway", beside OpenCV's MOG2 and KNN.

    .venv/bin/python -m benchmarks.pixel_quality

Ours looks at 5 pictures a second with the shipped settings. MOG2 and KNN get every picture, and of
a grid of their parameters, each with and without a median and a closing after it, the best is
shown: the best on these very pictures, which nobody could know beforehand. Shadows count as
background for all (grey 50 of the ground truth); pixels that it leaves out (85, 170) are left out.
The first third of the pictures is for learning. Without the clips it says so and ends.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection import Detector
from camerad.model import Zone, ZoneKind

Mask = NDArray[np.uint8]

DATA = Path(__file__).parents[2] / "shared" / "data" / "highway"
RATE = 25.0
"""Pictures a second; the data set does not say, traffic moves as it does at this rate."""
EVERY = 5
_MOVING, _OUTSIDE, _UNKNOWN = 255, 85, 170
_SHADOW = 127
"""What MOG2 and KNN paint a shadow with."""
_WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass
class Pixels:
    """Right and wrong ones, summed over pictures."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def count(self, mask: Mask, truth: Mask) -> None:
        judged = (truth != _OUTSIDE) & (truth != _UNKNOWN)
        said, is_so = (mask > _SHADOW) & judged, truth == _MOVING
        self.hit += int(np.count_nonzero(said & is_so))
        self.false += int(np.count_nonzero(said & ~is_so))
        self.missed += int(np.count_nonzero(judged & is_so & ~said))

    @property
    def precision(self) -> float:
        return self.hit / max(1, self.hit + self.false)

    @property
    def recall(self) -> float:
        return self.hit / max(1, self.hit + self.missed)

    @property
    def f_measure(self) -> float:
        return 2 * self.hit / max(1, 2 * self.hit + self.false + self.missed)


def pictures() -> Iterator[tuple[int, NDArray[np.uint8], Mask | None]]:
    """Number, B x G x R picture, and the ground truth where it counts: learned enough, and looked
    at by ours."""
    files = sorted((DATA / "input").iterdir())
    for number, file in enumerate(files):
        picture = cv2.imread(str(file))
        assert picture is not None, file
        truth = None
        if number >= len(files) // 3 and number % EVERY == 0:
            name = file.name.replace("in", "gt").replace(".jpg", ".png")
            truth = cv2.imread(str(DATA / "groundtruth" / name), cv2.IMREAD_GRAYSCALE)
            assert truth is not None, name
        yield (
            number,
            np.asarray(picture, np.uint8),
            None if truth is None else truth.astype(np.uint8),
        )


def ours() -> Pixels:
    """The foreground that blobs are made of."""
    detector = Detector([Zone("road", ZoneKind.LOITER, _WHOLE, dwell_s=10.0)])
    found = Pixels()
    for number, picture, truth in pictures():
        if number % EVERY:
            continue
        luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        detector.process(luma, number / RATE)
        if truth is not None and detector.foreground is not None:
            shape = (truth.shape[1], truth.shape[0])
            mask = cv2.resize(detector.foreground, shape, interpolation=cv2.INTER_NEAREST)
            found.count(np.asarray(mask, np.uint8), truth)
    return found


def plain(model: "cv2.BackgroundSubtractor") -> tuple[Pixels, Pixels]:
    """As it comes, and with a median and a closing after it."""
    raw, tidy = Pixels(), Pixels()
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    for _, picture, truth in pictures():
        mask = np.asarray(model.apply(picture), np.uint8)
        if truth is None:
            continue
        raw.count(mask, truth)
        certain = ((mask > _SHADOW) * 255).astype(np.uint8)
        closed = cv2.morphologyEx(cv2.medianBlur(certain, 5), cv2.MORPH_CLOSE, kernel)
        tidy.count(np.asarray(closed, np.uint8), truth)
    return raw, tidy


def best_of(make: Callable[[int, float], "cv2.BackgroundSubtractor"], by: list[float]) -> None:
    name = "MOG2" if make is mog2 else "KNN"
    tried = []
    for history, threshold in itertools.product((100, 300, 500), by):
        for how, found in zip(
            ("", ", median, closing"), plain(make(history, threshold)), strict=True
        ):
            tried.append(
                (found.f_measure, f"history {history}, threshold {threshold:g}{how}", found)
            )
    for only, word in ((False, ""), (True, " tidied")):
        _, how, found = max(t for t in tried if t[1].endswith("closing") is only)
        line(f"{name}{word}, best: {how}", found)


def mog2(history: int, threshold: float) -> "cv2.BackgroundSubtractor":
    return cv2.createBackgroundSubtractorMOG2(history, threshold, True)


def knn(history: int, threshold: float) -> "cv2.BackgroundSubtractor":
    return cv2.createBackgroundSubtractorKNN(history, threshold, True)


def line(name: str, found: Pixels) -> None:
    print(
        f"{name:<62} F {found.f_measure:.2f}  precision {found.precision:.2f}"
        f"  recall {found.recall:.2f}",
        flush=True,
    )


def main() -> int:
    if not DATA.is_dir():
        print("no clips here (shared/data): nothing measured")
        return 0
    print("pixel F-measure, CDnet 2014 highway, last 400 of 600 pictures, shadows are background")
    line("ours, 5 a second, shipped settings", ours())
    best_of(mog2, [16.0, 32.0, 64.0])
    best_of(knn, [400.0, 800.0, 1600.0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
