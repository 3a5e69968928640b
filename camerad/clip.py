"""The one door to video files: opens one with OpenCV and hands out luma in stream time.

Live streams go through `camerad.capture`. Nothing here knows what is looked for.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.errors import SourceUnreadable

Luma = NDArray[np.uint8]

# as decoded, anything deeper than 8 bits is garbage, so only these are taken without conversion
_PLAIN_LUMA: Final = frozenset({"I420", "YV12", "IYUV", "Y42B", "NV12", "NV21", "Y800", "GREY"})
_USUAL_FPS: Final = 25.0


class Clip:
    """A video file, once through. Use as a context manager and iterate.

    Yields `(luma, t_s)`: H x W uint8 as decoded, and the seconds since the first frame by the
    file's own timestamps, so that a variable frame rate is right; where they stand still or go
    back, by the nominal rate. Whoever looks at few of its frames takes `times` and asks for the
    `luma` of those. Raises SourceUnreadable on entering, or when it holds no frame.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._capture: cv2.VideoCapture | None = None
        self.fps = _USUAL_FPS
        self.frames_expected: int | None = None
        """The file's own claim, for a progress bar."""
        self.size = (0, 0)
        """Width and height in pixels."""

    def __enter__(self) -> Self:
        if not self._path.exists():
            raise SourceUnreadable(f"{self._path}: no such file.")
        if self._path.is_dir():
            raise SourceUnreadable(f"{self._path} is a folder, not a video file.")
        # OpenCV prints a warning for every frame read as luma
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        except cv2.error as broken:
            raise SourceUnreadable(f"{self._path} is not a video that can be decoded.") from broken
        if not capture.isOpened():
            capture.release()
            raise SourceUnreadable(f"{self._path} is not a video that can be decoded.")
        if _pixel_format(capture) in _PLAIN_LUMA:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        rate = capture.get(cv2.CAP_PROP_FPS)
        self.fps = rate if 0.5 <= rate <= 240.0 else _USUAL_FPS
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.frames_expected = count if count > 0 else None
        self.size = (
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self._capture = capture
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def __iter__(self) -> Iterator[tuple[Luma, float]]:
        for t_s in self.times():
            luma = self.luma()
            if luma is not None:
                yield luma, t_s

    def times(self) -> Iterator[float]:
        """The seconds of each frame, which is decoded and not yet copied."""
        if self._capture is None:
            raise RuntimeError("open the clip first: with Clip(path) as clip")
        first_s: float | None = None
        last_s = -1.0 / self.fps
        while self._capture.grab():
            stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            if first_s is None:
                first_s = stamp_s
            t_s = stamp_s - first_s
            if not t_s > last_s:
                t_s = last_s + 1.0 / self.fps
            last_s = t_s
            yield t_s
        if first_s is None:
            raise SourceUnreadable(f"{self._path} holds no picture that can be decoded.")

    def luma(self) -> Luma | None:
        """The frame last grabbed; None when it alone is broken."""
        if self._capture is None:
            return None
        try:
            ok, image = self._capture.retrieve()
        except cv2.error:
            return None
        if not ok or image is None or image.dtype != np.uint8:
            return None
        if image.ndim == 3 and image.shape[2] == 3:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if image.ndim != 2:
            return None
        return np.asarray(image, np.uint8)


def _pixel_format(capture: "cv2.VideoCapture") -> str:
    code = int(capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT))
    return code.to_bytes(4, "little").decode("latin-1") if code > 0 else ""
