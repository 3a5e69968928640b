"""When the second look is asked, and what its answer changes. Pure; one object a camera.

It stands around a detector and is one itself. Who is about to be told as loitering is held back
until the network sees a person there in the picture as it is now; a "no" is asked again after a
second, for as long as the stay lasts. What it takes for a person in the empty scene too (a sign
board, a statue) is none: otherwise it would loiter for ever. Where the network breaks, whoever gave
it decides what that means (`camerad.second_look.worker`).
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection import TrackSnapshot
from camerad.errors import BadVerifier
from camerad.model import Box, Detection, EventName
from camerad.second_look.model import FoundPerson

Luma = NDArray[np.uint8]

ASK_AGAIN_S = 1.0
LEAST_CROP_PX = 208
"""Of the full-resolution picture, or all of it where that is smaller."""
_ROOM = 1.6
"""The crop's side over the body's longer one."""
_SAME_PLACE = 0.3
"""Intersection over union from which what was found is the candidate."""
_SAME_THING = 0.5
"""The same from which it is what the empty scene shows too."""


class PersonFinder(Protocol):
    """The port to a person detector."""

    def people(self, picture: Luma) -> list[FoundPerson]:
        """The people in an H x W uint8 picture. Raises BadVerifier."""
        ...


class Asking(Protocol):
    """What is asked about, and by what (see `SecondLook`)."""

    @property
    def tracks(self) -> Sequence[TrackSnapshot]: ...
    @property
    def empty_scene(self) -> Luma | None: ...
    def alerting(self) -> frozenset[int]: ...
    def dwells(self) -> dict[int, float]: ...
    def wants(self, t_s: float) -> bool: ...
    def process(
        self, luma: Luma, t_s: float, local_time: datetime.time | None = None
    ) -> list[Detection]: ...
    def finish(self, t_s: float) -> list[Detection]: ...


@dataclass
class _Held:
    """A stay that the detector calls loitering."""

    said: Detection
    track: int
    asked_s: float
    passed: bool = False


class SecondLook:
    """A detector whose loitering is told only of what a network takes for a person."""

    def __init__(
        self,
        detector: Asking,
        finder: PersonFinder,
        *,
        broke: Callable[[BadVerifier], None] | None = None,
    ) -> None:
        """`broke` is told when the network fails, and then the detector alone decides; without it
        the error is raised."""
        self._detector = detector
        self._broke = broke
        self._finder = finder
        self._held: list[_Held] = []
        self.asked = 0
        """How often the network was asked about a candidate."""

    @property
    def tracks(self) -> Sequence[TrackSnapshot]:
        return self._detector.tracks

    def dwells(self) -> dict[int, float]:
        return self._detector.dwells()

    def alerting(self) -> frozenset[int]:
        """Tracks that are told as loitering now."""
        return frozenset(held.track for held in self._held if held.passed)

    def wants(self, t_s: float) -> bool:
        return self._detector.wants(t_s)

    def process(
        self, luma: Luma, t_s: float, local_time: datetime.time | None = None
    ) -> list[Detection]:
        """As the detector's own; `luma` at its full size, because the crop is taken from it."""
        said = self._sifted(self._detector.process(luma, t_s, local_time), t_s)
        self._follow()
        return said + self._ask(luma, t_s)

    def finish(self, t_s: float) -> list[Detection]:
        return self._sifted(self._detector.finish(t_s), t_s)

    def _sifted(self, said: list[Detection], t_s: float) -> list[Detection]:
        """Without the loitering that is to be asked about, and the ends of what was never told."""
        told = []
        for one in said:
            match one.name:
                case EventName.LOITERING_STARTED if one.track is not None:
                    self._held.append(_Held(one, one.track, t_s - ASK_AGAIN_S))
                case EventName.LOITERING_ENDED if (held := self._held_by(one)) is not None:
                    self._held.remove(held)
                    if held.passed:
                        told.append(replace(one, track=held.said.track))
                case _:
                    told.append(one)
        return told

    def _held_by(self, ended: Detection) -> _Held | None:
        here = [held for held in self._held if held.said.zone == ended.zone]
        own = [held for held in here if held.track == ended.track]
        # a track that replaced a broken one since the last picture
        return own[0] if own else (here[0] if len(here) == 1 else None)

    def _follow(self) -> None:
        """A stay that went over from a broken track to the one that replaces it."""
        alerting = self._detector.alerting()
        new = sorted(alerting - {held.track for held in self._held})
        for held in self._held:
            if held.track not in alerting and new:
                held.track = new.pop(0)

    def _ask(self, luma: Luma, t_s: float) -> list[Detection]:
        waiting = [
            held
            for held in self._held
            if not held.passed and t_s - held.asked_s >= ASK_AGAIN_S - 1e-6
        ]
        if not waiting:
            return []
        boxes = {snapshot.track: snapshot.box for snapshot in self._detector.tracks}
        dwells = self._detector.dwells()
        told = []
        for held in waiting:
            held.asked_s = t_s
            box = boxes.get(held.track, held.said.box)
            if box is None or not self._is_person(luma, box):
                continue
            held.passed = True
            dwell_s = dwells.get(held.track, held.said.dwell_s)
            told.append(replace(held.said, t_s=t_s, dwell_s=dwell_s, box=box))
        return told

    def _is_person(self, luma: Luma, box: Box) -> bool:
        self.asked += 1
        try:
            return self._sees_person(luma, box)
        except BadVerifier as error:
            if self._broke is None:
                raise
            self._broke(error)
            return True

    def _sees_person(self, luma: Luma, box: Box) -> bool:
        window, body = crop_around(box, luma.shape[1], luma.shape[0])
        found = [
            one for one in self._finder.people(luma[window]) if _alike(one, body) >= _SAME_PLACE
        ]
        if not found:
            return False
        always = self._in_the_empty_scene(window, luma.shape)
        return any(
            max((_alike(one, a) for a in always), default=0.0) < _SAME_THING for one in found
        )

    def _in_the_empty_scene(
        self, window: tuple[slice, slice], shape: tuple[int, ...]
    ) -> list[FoundPerson]:
        scene = self._detector.empty_scene
        if scene is None:
            return []
        down, across = scene.shape[0] / shape[0], scene.shape[1] / shape[1]
        rows, columns = window
        small = scene[
            round(rows.start * down) : max(1, round(rows.stop * down)),
            round(columns.start * across) : max(1, round(columns.stop * across)),
        ]
        size = (columns.stop - columns.start, rows.stop - rows.start)
        full = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        return self._finder.people(np.asarray(full, np.uint8))


def crop_around(box: Box, width: int, height: int) -> tuple[tuple[slice, slice], FoundPerson]:
    """The window (rows, columns) around a box (fractions) in a picture of this size, as square as
    it can be, and where the body is in it."""
    x, y, w, h = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    side = max(float(LEAST_CROP_PX), _ROOM * max(w, h))
    wide, high = min(width, round(side)), min(height, round(side))
    left = min(max(0, round(x + w / 2 - wide / 2)), width - wide)
    top = min(max(0, round(y + h / 2 - high / 2)), height - high)
    body = FoundPerson(x - left, y - top, w, h, 1.0)
    return (slice(top, top + high), slice(left, left + wide)), body


def _alike(a: FoundPerson, b: FoundPerson) -> float:
    """Intersection over union."""
    across = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    down = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if across <= 0.0 or down <= 0.0:
        return 0.0
    shared = across * down
    return shared / (a.w * a.h + b.w * b.h - shared)
