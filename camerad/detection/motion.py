"""Motion in motion zones: evidence, never an alarm by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from camerad.detection.blobs import Blob
from camerad.detection.cells import Cells, no_cells, packed, touched
from camerad.detection.masks import Mask, polygons_mask
from camerad.detection.settings import DetectionSettings
from camerad.model import Box, Detection, EventName, Zone, ZoneKind

_LEAST_PX = 12
_PLENTY = 4
"""So many times the least is motion at first sight."""


@dataclass
class _State:
    hits: int = 0
    started: bool = False
    last_s: float = 0.0
    box: Box | None = None
    cells: Cells = field(default_factory=no_cells)


class Motion:
    """Motion zones of one camera, for pictures of one size. `step` once per analysed picture."""

    def __init__(
        self, zones: Sequence[Zone], size: tuple[int, int], settings: DetectionSettings
    ) -> None:
        self._settings = settings
        self._width, self._height = size
        self._least = max(float(_LEAST_PX), settings.motion_area * size[0] * size[1])
        self._zones = [z for z in zones if z.kind is ZoneKind.MOTION]
        self._masks = [polygons_mask([z.polygon], *size) for z in self._zones]
        self._states = [_State() for _ in self._zones]

    @property
    def wanted(self) -> bool:
        """Whether there is any motion zone."""
        return bool(self._zones)

    def step(
        self, blobs: Sequence[Blob], moving: Mask, t_s: float, armed: Sequence[bool]
    ) -> list[Detection]:
        """`moving` is 255 where the picture changed since the last one; `armed` per motion zone."""
        said: list[Detection] = []
        for index, (zone, state) in enumerate(zip(self._zones, self._states, strict=True)):
            box, px = self._moving_box(index, zone, blobs, moving) if armed[index] else (None, 0)
            if box is None and state.hits and armed[index]:
                # it has left the zone, but was in it when the last picture was taken
                px = int(np.count_nonzero(moving & self._masks[index]))
                box = state.box if px >= self._least else None
            if box is not None:
                state.hits += 2 if px >= _PLENTY * self._least else 1
                state.last_s = t_s
                state.box = box
                state.cells |= touched(moving & self._masks[index])
                if not state.started and state.hits >= self._settings.motion_hits:
                    state.started = True
                    said.append(Detection(EventName.MOTION_STARTED, t_s, zone.name, box=box))
                continue
            if state.hits and not state.started:
                state.cells = no_cells()
            state.hits = 0
            quiet = t_s - state.last_s >= self._settings.motion_quiet_s
            if state.started and (quiet or not armed[index]):
                state.started = False
                said.append(self._ended(index, t_s))
        return said

    def zones(self) -> list[Zone]:
        """The motion zones, in the order `armed` is given in."""
        return list(self._zones)

    def finish(self, t_s: float) -> list[Detection]:
        """End everything."""
        said = []
        for index, state in enumerate(self._states):
            if state.started:
                said.append(self._ended(index, t_s))
            state.started = False
            state.hits = 0
        return said

    def _ended(self, index: int, t_s: float) -> Detection:
        state = self._states[index]
        cells, state.cells = packed(state.cells), no_cells()
        return Detection(EventName.MOTION_ENDED, t_s, self._zones[index].name, cells=cells)

    def _moving_box(
        self, index: int, zone: Zone, blobs: Sequence[Blob], moving: NDArray[np.uint8]
    ) -> tuple[Box | None, int]:
        """Box of the blob that moves most inside the zone, if that is enough, and its pixels."""
        best: Blob | None = None
        most = 0
        for blob in blobs:
            if zone.min_height is not None and blob.h < zone.min_height * self._height:
                continue
            window = np.s_[int(blob.y) : int(blob.y + blob.h), int(blob.x) : int(blob.x + blob.w)]
            px = int(np.count_nonzero(moving[window] & self._masks[index][window]))
            if px > most:
                best, most = blob, px
        if best is None or most < self._least:
            return None, most
        w, h = self._width, self._height
        return (best.x / w, best.y / h, best.w / w, best.h / h), most
