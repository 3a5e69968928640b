"""A film of what detection saw: zones, boxes, dwell clocks, and a strip of what was said when.

For people who set up zones.

Privacy zones are black here too. Grey, because detection sees luma only.
"""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection import TrackSnapshot, mask_privacy
from camerad.detection.masks import polygon_px
from camerad.errors import RenderFailed
from camerad.model import Detection, Trouble, Zone, ZoneKind
from camerad.timeline_strip import TimelineStrip

Luma = NDArray[np.uint8]
Colour = NDArray[np.uint8]

# blue, green, red
_ZONE_COLOURS: Final = {
    ZoneKind.MOTION: (220, 160, 40),
    ZoneKind.LOITER: (40, 200, 240),
    ZoneKind.IGNORE: (130, 130, 130),
    ZoneKind.PRIVACY: (60, 60, 60),
}
_SEEN: Final = (180, 220, 120)
_ALERT: Final = (80, 80, 255)
_TAMPER: Final = (255, 150, 255)
_READABLE_PX: Final = 560
_EDGE: Final = 0.01
"""Feet on the zone's border are in it."""


class Rendering:
    """The film being written. A context manager; every frame of the source goes in."""

    def __init__(
        self, path: Path, zones: Sequence[Zone], fps: float, seconds: float | None = None
    ) -> None:
        """`seconds`: how long the film will be, where that is known."""
        self._strip = TimelineStrip(zones, seconds)
        self._path = path
        self._zones = zones
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> Self:
        if not self._path.parent.is_dir():
            raise RenderFailed(f"{self._path.parent}: no such folder to write the film into.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def write(
        self,
        luma: Luma,
        t_s: float,
        tracks: Sequence[TrackSnapshot],
        dwells: Mapping[int, float],
        alerting: Set[int],
        said: Sequence[Detection] = (),
        trouble: Trouble | None = None,
    ) -> None:
        """Add one frame, and what was `said` at it. Raises RenderFailed."""
        hidden = mask_privacy(luma, self._zones)
        # small pictures twice as big, so that the letters fit; the encoder wants even sides
        scale = 2 if luma.shape[1] < _READABLE_PX else 1
        height, width = (side * scale - side * scale % 2 for side in luma.shape)
        hidden = np.asarray(cv2.resize(hidden, (width, height)), np.uint8)
        if self._writer is None:
            self._writer = self._open(width, height + self._strip.height)
        picture = np.asarray(cv2.cvtColor(hidden, cv2.COLOR_GRAY2BGR), np.uint8)
        for zone in self._zones:
            _draw_zone(picture, zone)
        for track in tracks:
            _draw_track(picture, track, dwells.get(track.track), track.track in alerting)
        _write(picture, f"{t_s:7.1f} s", (8, height - 10), (255, 255, 255))
        if trouble is not None:
            _write(picture, f"TAMPER: {trouble.value}", (width // 2 - 60, 24), _TAMPER)
        self._strip.note(t_s, said, self._dwells_by_zone(tracks, dwells))
        self._writer.write(np.vstack([picture, self._strip.drawn(width, t_s)]))

    def _dwells_by_zone(
        self, tracks: Sequence[TrackSnapshot], dwells: Mapping[int, float]
    ) -> dict[str, float]:
        """The longest clock that runs in each loiter zone: of whoever's feet are in it."""
        found: dict[str, float] = {}
        for zone in self._zones:
            if zone.kind is not ZoneKind.LOITER:
                continue
            corners = np.asarray(zone.polygon, np.float32)
            here = [
                dwells[track.track]
                for track in tracks
                if track.track in dwells
                and cv2.pointPolygonTest(corners, track.feet, measureDist=True) >= -_EDGE
            ]
            if here:
                found[zone.name] = max(here)
        return found

    def _open(self, width: int, height: int) -> cv2.VideoWriter:
        code = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(
            str(self._path), cv2.CAP_FFMPEG, code, self._fps, (width, height), True
        )
        if not writer.isOpened():
            raise RenderFailed(f"{self._path} cannot be written as an MP4 film.")
        return writer


def _draw_zone(picture: Colour, zone: Zone) -> None:
    height, width = picture.shape[:2]
    corners = polygon_px(zone.polygon, width, height)
    colour = _ZONE_COLOURS[zone.kind]
    cv2.polylines(picture, [corners], isClosed=True, color=colour, thickness=2)
    # OpenCV's letters are Latin only; other names are told by their kind
    label = zone.name if zone.name.isascii() else str(zone.kind)
    x, y = int(corners[:, 0].min()), int(corners[:, 1].min())
    _write(picture, label, (x + 4, max(14, y + 14)), colour)


def _draw_track(picture: Colour, track: TrackSnapshot, dwell_s: float | None, alert: bool) -> None:
    height, width = picture.shape[:2]
    x, y, w, h = track.box
    start = (round(x * width), round(y * height))
    end = (round((x + w) * width), round((y + h) * height))
    colour = _ALERT if alert else _SEEN
    cv2.rectangle(picture, start, end, colour, 3 if alert else 1)
    clock = f"#{track.track}" if dwell_s is None else f"#{track.track} {dwell_s:.1f} s"
    _write(picture, clock, (start[0], max(12, start[1] - 4)), colour)


def _write(picture: Colour, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (wide, high), below = cv2.getTextSize(text, font, size, 1)
    x, y = max(0, at[0]), max(high + 2, at[1])
    cv2.rectangle(picture, (x - 2, y - high - 2), (x + wide + 2, y + below), (0, 0, 0), -1)
    cv2.putText(picture, text, (x, y), font, size, colour, 1, cv2.LINE_AA)
