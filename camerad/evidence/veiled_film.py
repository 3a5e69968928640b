"""A veiled copy of a clip or a picture, as a program of its own: it takes as long as it takes, at
the lowest priority, and nobody waits for it but the export.

`python -m camerad.evidence.veiled_film SOURCE TARGET changed|whole`; each percent that is done on a
line of standard output; exit status 0, or 1 with one sentence on standard error.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.errors import CameradError, SourceUnreadable
from camerad.evidence.masked import FAST
from camerad.evidence.packets import TICK, encoder_at_hand
from camerad.evidence.veiling import Changes, Veil, cover, whole

Tell = Callable[[float], None]
"""Hears which share of the work is done, from 0 to 1."""

_QUALITY = 85
_IDLE = 19


def veil_picture(source: Path, target: Path) -> None:
    """A picture covered as a whole: alone it does not tell what moves. Raises SourceUnreadable and
    OSError."""
    read = cv2.imread(str(source), cv2.IMREAD_COLOR)
    if read is None:
        raise SourceUnreadable(f"{source.name} is no picture")
    picture = np.asarray(read, np.uint8)
    veil = whole(*picture.shape[:2])
    covered = np.dstack([cover(picture[..., colour], veil) for colour in range(3)])
    done, data = cv2.imencode(".jpg", covered, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise SourceUnreadable(f"{source.name} cannot be coded")
    target.write_bytes(data.tobytes())


def veil_film(
    source: Path, target: Path, *, everything: bool, tell: Tell = lambda share: None
) -> None:
    """A clip covered where anything ever changed in it, or as a whole. Raises SourceUnreadable,
    CameradError where no encoder is at hand, and OSError."""
    encoder = encoder_at_hand()
    if encoder is None:
        raise CameradError("没有编码器 / no encoder is at hand")
    try:
        # looking for what changes and writing take about as long
        half = 0.0 if everything else 0.5
        veil = _veil_of(source, everything=everything, tell=lambda share: tell(half * share))
        _write(source, target, veil, encoder, lambda share: tell(half + (1 - half) * share))
    except (av.error.FFmpegError, ValueError, IndexError) as error:
        raise SourceUnreadable(f"{source.name} cannot be read as a film: {error}") from error


def _veil_of(source: Path, *, everything: bool, tell: Tell) -> Veil:
    changes, seen = None, None
    for planes, height, share in _frames(source):
        tell(share)
        seen = planes
        if everything:
            return whole(height, planes.shape[1])
        if changes is None:
            changes = Changes(height, planes.shape[1])
        changes.see(planes[:height])
    if seen is None or changes is None:
        raise SourceUnreadable(f"{source.name} has no picture")
    return changes.veil()


def _write(source: Path, target: Path, veil: Veil, encoder: str, tell: Tell) -> None:
    with av.open(str(source)) as film, av.open(str(target), "w", format="mp4") as out:
        stream: Any = None
        last = -1
        for frame in film.decode(video=0):
            planes, height = _planes(frame)
            tell(_share(film, frame))
            if stream is None:
                stream = out.add_stream(encoder, rate=25, options=FAST[encoder])
                stream.width, stream.height, stream.pix_fmt = planes.shape[1], height, "yuv420p"
                stream.codec_context.time_base = TICK
                stream.codec_context.gop_size = 50
            covered = av.VideoFrame.from_ndarray(_covered(planes, height, veil), format="yuv420p")
            # the clip's own times: what is seen when must be the same in both
            at = max(last + 1, round((frame.time or 0.0) / TICK))
            covered.pts, covered.time_base, last = at, TICK, at
            out.mux(stream.encode(covered))
        if stream is not None:
            out.mux(stream.encode(None))


def _frames(source: Path) -> Iterator[tuple[NDArray[np.uint8], int, float]]:
    """The planes, the height, and which share of the film is behind."""
    with av.open(str(source)) as film:
        for frame in film.decode(video=0):
            yield *_planes(frame), _share(film, frame)


def _share(film: Any, frame: Any) -> float:
    """Of the film's length; 0 where that is not told."""
    length_s = (film.duration or 0) / av.time_base
    return min(1.0, (frame.time or 0.0) / length_s) if length_s > 0 else 0.0


def _planes(frame: Any) -> tuple[NDArray[np.uint8], int]:
    """The planes one below the other, and the height of the first."""
    width, height = frame.width & ~1, frame.height & ~1
    plain = frame.reformat(width=width, height=height, format="yuv420p")
    return np.asarray(plain.to_ndarray(), np.uint8), height


def _covered(planes: NDArray[np.uint8], height: int, veil: Veil) -> NDArray[np.uint8]:
    width = planes.shape[1]
    covered = planes.copy()
    covered[:height] = cover(planes[:height], veil)
    quarter = height * width // 4
    for first in (height * width, height * width + quarter):
        plane = covered.reshape(-1)[first : first + quarter].reshape(height // 2, width // 2)
        plane[:] = cover(plane.copy(), veil)
    return covered


class _Percents:
    """Each whole percent once, on standard output."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, share: float) -> None:
        percent = int(share * 100)
        if percent > self._told:
            self._told = percent
            sys.stdout.write(f"{percent}\n")
            sys.stdout.flush()


def main(source: Path, target: Path, how: str) -> int:
    os.nice(_IDLE)
    cv2.setNumThreads(1)
    try:
        if source.suffix == ".jpg":
            veil_picture(source, target)
        else:
            veil_film(source, target, everything=how == "whole", tell=_Percents().tell)
    except (CameradError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
