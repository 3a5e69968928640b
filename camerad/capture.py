"""The one door to live streams: opens an RTSP address with OpenCV and hands out luma.

Everything here blocks and belongs in a camera's own thread. What is done with the pictures, when
to try again, and why an opening failed are decided elsewhere.

Three facts about OpenCV shape this file.
It opens one stream at a time in a process, holding a lock over all the waiting on the network: so
opening is made as short as can be, takes turns where the waiting is seen, and callers ask a camera
first whether it answers (`rtsp_probe`).
It prepares its pixel conversion once: switched back to colour on an open capture, `retrieve` fails
or hands out garbage, so colour takes a capture of its own.
Luma "as decoded" is garbage for anything deeper than 8 bits, so the pixel format is looked at first
and grey is computed from colour where it is not plain.
"""

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.errors import CameraTalksNonsense, CameraUnreachable
from camerad.stream_address import checked, with_login

Image = NDArray[np.uint8]
"""Height × width (luma) or height × width × 3 (blue, green, red)."""

JPEG_QUALITY: Final = 85
_PLAIN_LUMA: Final = frozenset({"I420", "YV12", "IYUV", "Y42B", "NV12", "NV21", "Y800"})
# TCP, because lost packets look like motion; video only, because nobody may listen; and no
# guessing of the frame rate, which nobody needs and which took two of three seconds of opening
_THOROUGH: Final = "rtsp_transport;tcp|allowed_media_types;video|fpsprobesize;0"
# as soon as the first packet is there: enough when the description names the picture's size
_QUICK: Final = _THOROUGH + "|analyzeduration;1|probesize;32"
_TURN_SLICE_S: Final = 0.5
_WHOLE: Final = 0.9
"""An opening that took this share of its time limit has used it up."""


def prepare_process() -> None:
    """Silence both libraries; once in a worker, before any opening.

    Without it OpenCV prints one warning a luma frame.
    """
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # AV_LOG_QUIET: its messages carry the login
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    # parallelism comes from the camera threads; a pool a process would only fight them
    cv2.setNumThreads(1)


class LumaStream:
    """An open stream. Use as a context manager; used by one thread.

    Stream time comes from the camera's clock and may jump, stand still or drift; it serves to
    notice that we lag, never to measure how long a person stays. For that the caller takes the
    monotonic time of arrival: it cannot be set wrong at the camera, and over TCP frames arrive in
    order with delays far below any dwell time.
    """

    def __init__(self, capture: "cv2.VideoCapture") -> None:
        self._capture = capture

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._capture.release()

    def grab(self) -> bool:
        """Wait for the next frame and decode it; False when the stream ended or fell silent."""
        return self._capture.grab()

    def stream_s(self) -> float:
        """Seconds of the frame last grabbed, by the camera's own count."""
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0

    def luma(self) -> Image:
        """Height × width uint8: the frame last grabbed. Raises CameraTalksNonsense."""
        try:
            ok, image = self._capture.retrieve()
        except cv2.error as broken:
            raise CameraTalksNonsense("画面无法解码。 / A frame could not be decoded.") from broken
        if not ok or image is None or image.dtype != np.uint8:
            raise CameraTalksNonsense("画面无法解码。 / A frame could not be decoded.")
        if image.ndim == 3:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        return np.asarray(image, dtype=np.uint8)


class StreamOpener:
    """Opens streams, one at a time as OpenCV does; one for a process, used by any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def open_luma(
        self,
        uri: str,
        username: str | None,
        password: str | None,
        *,
        open_timeout_s: float,
        read_timeout_s: float,
        still_waiting: Callable[[], None] = lambda: None,
    ) -> LumaStream:
        """Open `uri` for luma; `still_waiting` is called now and then before it is our turn.

        The first frame may still be a keyframe interval away. Raises CameraUnreachable and
        CameraTalksNonsense.
        """
        address = with_login(checked(uri), username, password)
        while not self._turn.acquire(timeout=_TURN_SLICE_S):
            still_waiting()
        try:
            still_waiting()
            capture = _open(address, open_timeout_s, read_timeout_s)
        finally:
            self._turn.release()
        still_waiting()
        if _pixel_format(capture) in _PLAIN_LUMA:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        return LumaStream(capture)

    def read_colour(
        self, uri: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> Image:
        """Height × width × 3: one colour frame over a connection of its own.

        Takes up to a keyframe interval of the camera; waiting for the turn, opening and reading
        may each take `timeout_s`. Raises CameraUnreachable, CameraTalksNonsense.
        """
        address = with_login(checked(uri), username, password)
        if not self._turn.acquire(timeout=timeout_s):
            raise CameraUnreachable("同时打开的码流过多。 / Too many streams are being opened.")
        try:
            capture = _open(address, timeout_s, timeout_s)
        finally:
            self._turn.release()
        try:
            ok, image = capture.read()
        except cv2.error as broken:
            raise CameraTalksNonsense("画面无法解码。 / A frame could not be decoded.") from broken
        finally:
            capture.release()
        if not ok or image is None:
            raise CameraUnreachable("摄像机未及时送来画面。 / The camera sent no picture in time.")
        return np.asarray(image, dtype=np.uint8)


def open_luma(
    uri: str,
    username: str | None,
    password: str | None,
    *,
    open_timeout_s: float,
    read_timeout_s: float,
) -> LumaStream:
    """For a process that watches one stream only. Raises as `StreamOpener.open_luma`."""
    return StreamOpener().open_luma(
        uri, username, password, open_timeout_s=open_timeout_s, read_timeout_s=read_timeout_s
    )


def encode_jpeg(image: Image) -> bytes:
    """The picture as JPEG. Raises CameraTalksNonsense when it cannot be encoded."""
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not ok:
        raise CameraTalksNonsense("画面无法存为 JPEG。 / A frame could not be encoded as JPEG.")
    return data.tobytes()


def _open(address: str, open_s: float, read_s: float) -> "cv2.VideoCapture":
    """To be called in turn: FFmpeg's options travel in the process's environment."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _QUICK
    began_s = time.monotonic()
    capture = _capture(address, open_s, read_s)
    if capture.get(cv2.CAP_PROP_FRAME_WIDTH) > 0:
        return capture
    capture.release()
    if time.monotonic() - began_s >= open_s * _WHOLE:
        # nothing came: all others wait meanwhile, and would wait as long again
        raise CameraUnreachable("码流无法打开。 / The stream could not be opened.")
    # a camera whose description tells nothing: FFmpeg must wait for a keyframe to know the size,
    # and it must know it now, because OpenCV never asks again
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _THOROUGH
    return _capture(address, open_s, read_s)


def _capture(address: str, open_s: float, read_s: float) -> "cv2.VideoCapture":
    # these count only at construction, and only with the FFmpeg backend named
    parameters = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_s * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_s * 1000),
        cv2.CAP_PROP_N_THREADS, 1,
    ]  # fmt: skip
    try:
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, parameters)
    except cv2.error:
        # not chained: the library's text may carry the address with its password
        raise CameraUnreachable("码流无法打开。 / The stream could not be opened.") from None
    if not capture.isOpened():
        capture.release()
        raise CameraUnreachable("码流无法打开。 / The stream could not be opened.")
    return capture


def _pixel_format(capture: "cv2.VideoCapture") -> str:
    code = int(capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT))
    return code.to_bytes(4, "little").decode("latin-1") if code > 0 else ""
