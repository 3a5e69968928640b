"""Who has been in a zone for how long, and when that is loitering.

Dwell counts stream time while the feet of one track are in the zone: identity, not occupancy,
so that ten passers-by are not one loiterer. No pixels here; zones and feet are fractions.
"""

import datetime
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.inheritance import (
    BROKEN_S,
    alike,
    came_as_one,
    may_have_stayed,
    may_replace,
    mistaken,
)
from camerad.detection.presence import Presence, Stay
from camerad.detection.settings import DetectionSettings
from camerad.model import Detection, EventName, Point, Zone, ZoneKind

_EDGE = 0.04
"""Feet this far (in body heights) outside have not left: boxes tremble."""

_LINGER_S = 4.0
"""Time constant of where a stay is on the whole."""
_DOUBT = 0.3
"""Of the time somebody was hidden, they must then be here to be told: a passer-by walks on."""
_PASSING_S = 5.0
"""For so long after the dwell, and no longer than the dwell again, who merely passes is not told:
longer nobody needs to cross a zone, and who does is told though they never stood.
"""


class Stays:
    """All stays on one camera. `step` once per analysed picture."""

    def __init__(self, zones: Sequence[Zone], settings: DetectionSettings) -> None:
        self._settings = settings
        self._zones = [z for z in zones if z.kind is ZoneKind.LOITER]
        # the first moments without motion are counted at once
        self._motionless_s = settings.pause_s - settings.lively_s
        self._aspect = 1.0
        self._corners = self._scaled(1.0)
        self.open: list[Stay] = []

    def step(
        self,
        present: Sequence[Presence],
        t_s: float,
        local_time: datetime.time | None,
        aspect: float,
    ) -> list[Detection]:
        """Count the moment `t_s`; `aspect` is the picture's width over its height."""
        said: list[Detection] = []
        if aspect != self._aspect:
            self._aspect, self._corners = aspect, self._scaled(aspect)
        for index, zone in enumerate(self._zones):
            if local_time is not None and zone.armed and not zone.armed.covers(local_time):
                said += self._disarm(index, t_s)
                continue
            for presence in present:
                if zone.min_height is not None and presence.box[3] < zone.min_height:
                    continue
                stay = self._stay(index, presence)
                slack = _EDGE * presence.box[3] if stay and not stay.outside else 0.0
                if self._inside(index, presence.feet, slack):
                    said += self._count(index, zone, stay, presence, t_s)
                elif stay is not None:
                    if not stay.outside:
                        self._give_back(stay, t_s)
                    stay.outside = True
        return said + self._leave(t_s)

    def wait(self, elapsed_s: float) -> None:
        """Nothing could be seen for so long: whoever was in a zone has been there."""
        for stay in self.open:
            stay.seen_s += elapsed_s
            if not stay.outside:
                stay.dwell_s += elapsed_s
                stay.upright_s += elapsed_s

    def finish(self, t_s: float) -> list[Detection]:
        """End everything."""
        said = [self._ended(stay, t_s) for stay in self.open if stay.started]
        self.open = []
        return said

    def _scaled(self, aspect: float) -> list[NDArray[np.float32]]:
        """The zones' corners with the frame's height as the unit of both axes, N x 2."""
        unit = np.array((aspect, 1.0), np.float32)
        return [np.asarray(z.polygon, np.float32) * unit for z in self._zones]

    def _inside(self, index: int, feet: Point, slack: float) -> bool:
        # feet on the frame's lower edge stand in a zone drawn to that edge
        x, y = min(max(feet[0], 0.001), 0.999) * self._aspect, min(max(feet[1], 0.001), 0.999)
        corners = self._corners[index]
        return cv2.pointPolygonTest(corners, (x, y), measureDist=slack > 0.0) >= -slack

    def _stay(self, index: int, presence: Presence) -> Stay | None:
        return next((s for s in self.open if s.zone == index and s.track == presence.track), None)

    def _count(
        self, index: int, zone: Zone, stay: Stay | None, presence: Presence, t_s: float
    ) -> list[Detection]:
        if stay is None:
            stay = self._inherited(index, presence, t_s)
        if stay is None:
            stay = self._shared(index, presence, t_s)
            self.open.append(stay)
        if not stay.outside:
            stay.still_s += t_s - stay.seen_s
            stay.still_upright_s += t_s - stay.seen_s if presence.upright else 0.0
        if presence.lively:
            # who moves again has been there all the while; what never moved was a thing
            if stay.still_s > self._motionless_s and not stay.started:
                stay.dwell_s = stay.upright_s = 0.0
            else:
                stay.dwell_s += stay.still_s
                stay.upright_s += stay.still_upright_s
            stay.still_s = stay.still_upright_s = 0.0
        if not stay.walked_in:
            # a branch that at last seems to walk has not been a person all the while
            stay.dwell_s = min(stay.dwell_s, self._settings.unproven_s)
            stay.upright_s = min(stay.upright_s, stay.dwell_s)
        new = min(1.0, (t_s - stay.seen_s) / min(_LINGER_S, max(stay.dwell_s, 0.01)))
        (x, y), (was_x, was_y) = presence.feet, stay.place
        stay.place = (was_x + new * (x - was_x), was_y + new * (y - was_y))
        stay.way.note((x * self._aspect, y), presence.box[3], t_s)
        stay.seen_s, stay.outside = t_s, False
        stay.box, stay.feet = presence.box, presence.feet
        stay.walked_in = stay.brought or presence.travelled
        upright = presence.upright and stay.by_a_person
        person = stay.walked_in and upright and presence.lively
        person = person and (presence.travelled or not stay.stepped_out)
        if stay.started or not person or t_s < stay.sure_s or not _enough(stay, zone):
            return []
        stay.started = True
        return [
            Detection(
                EventName.LOITERING_STARTED,
                t_s,
                zone.name,
                track=stay.track,
                dwell_s=stay.dwell_s,
                box=presence.box,
            )
        ]

    def _inherited(self, index: int, presence: Presence, t_s: float) -> Stay | None:
        """The stay of a track that broke here and that this one replaces."""
        fitting = [
            stay
            for stay in self.open
            if stay.zone == index and may_replace(presence, stay, t_s, self._settings)
        ]
        best = max(fitting, key=lambda stay: stay.dwell_s, default=None)
        if best is not None:
            hidden_s = t_s - best.seen_s
            best.sure_s = t_s + _DOUBT * hidden_s
            best.stepped_out = hidden_s > BROKEN_S
            best.dwell_s += hidden_s
            best.upright_s += hidden_s
            best.track, best.seen_s, best.brought = presence.track, t_s, best.walked_in
            best.still_s = best.still_upright_s = 0.0
        return best

    def _shared(self, index: int, presence: Presence, t_s: float) -> Stay:
        """A stay of its own: from now on, or for as long as the two who came as one are here."""
        feet = presence.feet
        stay = Stay(index, presence.track, 0.0, t_s, False, presence.box, feet, place=feet)
        if t_s - presence.born_s > self._settings.inherit_s:
            return stay
        known = [
            s
            for s in self.open
            if s.zone == index and (came_as_one(s, presence) or may_have_stayed(s, presence))
        ]
        if not known:
            return stay
        # with whom it came is not sure: the shortest stay is surely shared
        other = min(known, key=lambda s: s.dwell_s)
        if other.by_a_person and not other.started and alike(presence.box, other.box):
            stay.dwell_s, stay.upright_s = other.dwell_s, other.upright_s
            stay.walked_in = stay.brought = other.walked_in
        return stay

    def _give_back(self, left: Stay, t_s: float) -> None:
        """When whoever leaves passed somebody who now stands where the stay was, these two were
        mistaken for each other: the stay goes on with who is there.
        """
        for other in self.open:
            if mistaken(left, other, t_s):
                if alike(other.box, left.box):
                    other.dwell_s, other.upright_s = left.dwell_s, left.upright_s
                    other.walked_in = other.brought = left.walked_in
                return

    def _leave(self, t_s: float) -> list[Detection]:
        said, kept = [], []
        for stay in self.open:
            wait = self._settings.leave_s if stay.outside else self._settings.inherit_s
            if t_s - stay.seen_s <= wait:
                kept.append(stay)
            elif stay.started:
                said.append(self._ended(stay, t_s))
        self.open = kept
        return said

    def _disarm(self, index: int, t_s: float) -> list[Detection]:
        said = [self._ended(s, t_s) for s in self.open if s.zone == index and s.started]
        self.open = [s for s in self.open if s.zone != index]
        return said

    def _ended(self, stay: Stay, t_s: float) -> Detection:
        return Detection(
            EventName.LOITERING_ENDED,
            t_s,
            self._zones[stay.zone].name,
            track=stay.track,
            dwell_s=stay.dwell_s,
            box=stay.box,
        )


def _enough(stay: Stay, zone: Zone) -> bool:
    """Whether the dwell is over; for a passer-by it is a little longer."""
    if zone.dwell_s is None:
        return False
    longer_s = min(_PASSING_S, zone.dwell_s) if stay.way.steady else 0.0
    return stay.dwell_s >= zone.dwell_s + longer_s
