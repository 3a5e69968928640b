"""The strip under an analysed film: who was in which zone, when it was motion, loitering, tamper.

A row a zone and one for the picture itself; it fills from left to right as the film goes on. What
it shows comes from the detections and the dwell clocks alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.model import Detection, EventName, Zone, ZoneKind

Colour = NDArray[np.uint8]
_Bgr = tuple[int, int, int]

ROW_PX: Final = 16
_LABEL_PX: Final = 92
_AXIS_PX: Final = 16
_BACK: Final = (24, 24, 24)
_EMPTY: Final = (52, 52, 52)
_INK: Final = (225, 225, 225)
_STAYING: Final = (60, 170, 200)
_LOITERING: Final = (80, 80, 255)
_MOTION: Final = (190, 150, 60)
_TAMPER: Final = (200, 80, 200)
_LIVE_S: Final = 60.0
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_PICTURE: Final = ""
"""The row of the picture itself, as detections name no zone for it."""

_BEGINS: Final = {
    EventName.MOTION_STARTED: _MOTION,
    EventName.LOITERING_STARTED: _LOITERING,
    EventName.TAMPER_STARTED: _TAMPER,
}
_ENDS: Final = {
    EventName.MOTION_ENDED: _MOTION,
    EventName.LOITERING_ENDED: _LOITERING,
    EventName.TAMPER_ENDED: _TAMPER,
}


@dataclass
class _Row:
    name: str
    label: str
    marks: list[tuple[float, float, _Bgr]] = field(default_factory=list)
    """From, to, colour; later ones lie over earlier ones."""
    going: dict[tuple[_Bgr, int | None], float] = field(default_factory=dict)


class TimelineStrip:
    """Of one film. `note` every looked-at frame, `drawn` as often as wanted."""

    def __init__(self, zones: Sequence[Zone], seconds: float | None) -> None:
        """`seconds`: the film's length where it is known; else the last minute is shown."""
        kinds = (ZoneKind.LOITER, ZoneKind.MOTION)
        named = [zone for zone in zones if zone.kind in kinds]
        self._rows = [_Row(z.name, z.name if z.name.isascii() else str(z.kind)) for z in named]
        self._rows.append(_Row(_PICTURE, "picture"))
        self._seconds = seconds
        self._before_s = 0.0

    @property
    def height(self) -> int:
        """Pixels; even."""
        return len(self._rows) * ROW_PX + _AXIS_PX

    def note(self, t_s: float, said: Sequence[Detection], dwells: Mapping[str, float]) -> None:
        """What was said at `t_s`, and the longest dwell clock that runs in each loiter zone."""
        for one in said:
            row = next((row for row in self._rows if row.name == one.zone), None)
            if row is None:
                continue
            if one.name in _BEGINS:
                row.going[(_BEGINS[one.name], one.track)] = one.t_s
            elif one.name in _ENDS:
                colour = _ENDS[one.name]
                begun = row.going.pop((colour, one.track), None)
                if begun is None:
                    # the stay went over to another track
                    key = next((key for key in row.going if key[0] == colour), None)
                    begun = None if key is None else row.going.pop(key)
                if begun is not None:
                    row.marks.append((begun, one.t_s, colour))
        for row in self._rows:
            if row.name in dwells:
                _lengthen(row.marks, self._before_s, t_s)
        self._before_s = t_s

    def drawn(self, width: int, t_s: float) -> Colour:
        """The strip as it is at `t_s`: height x width x 3."""
        strip = np.full((self.height, width, 3), _BACK, np.uint8)
        first_s = 0.0 if self._seconds else max(0.0, t_s - _LIVE_S)
        last_s = self._seconds or max(_LIVE_S, t_s)
        scale = (width - _LABEL_PX - 6) / max(1e-6, last_s - first_s)

        def at(moment_s: float) -> int:
            held = min(max(moment_s, first_s), last_s)
            return _LABEL_PX + round((held - first_s) * scale)

        for number, row in enumerate(self._rows):
            top, foot = number * ROW_PX + 3, (number + 1) * ROW_PX - 3
            _text(strip, row.label[:12], (6, foot), _INK)
            cv2.rectangle(strip, (at(first_s), top), (at(t_s), foot), _EMPTY, -1)
            going = [(begun, t_s, colour) for (colour, _), begun in row.going.items()]
            for begun, over, colour in sorted(row.marks, key=_lowest) + going:
                if over >= first_s:
                    cv2.rectangle(
                        strip, (at(begun), top), (max(at(begun), at(over)), foot), colour, -1
                    )
        axis = self.height - _AXIS_PX
        tick_s = next((s for s in _TICKS if s * scale >= 56), _TICKS[-1])
        for moment_s in np.arange(np.ceil(first_s / tick_s) * tick_s, last_s + 1e-6, tick_s):
            cv2.line(strip, (at(moment_s), axis), (at(moment_s), axis + 3), _INK, 1)
            _text(strip, f"{moment_s:g} s", (at(moment_s) + 3, self.height - 4), _INK)
        cv2.line(strip, (at(t_s), 0), (at(t_s), axis), (255, 255, 255), 1)
        return strip


def _lowest(mark: tuple[float, float, _Bgr]) -> bool:
    """Stays lie under what became of them."""
    return mark[2] != _STAYING


def _lengthen(marks: list[tuple[float, float, _Bgr]], from_s: float, to_s: float) -> None:
    for index in range(len(marks) - 1, -1, -1):
        begun, over, colour = marks[index]
        if colour == _STAYING:
            if over >= from_s - 1e-6:
                marks[index] = (begun, to_s, colour)
                return
            break
    marks.append((from_s, to_s, _STAYING))


def _text(picture: Colour, text: str, at: tuple[int, int], colour: _Bgr) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)
