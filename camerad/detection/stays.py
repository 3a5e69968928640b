"""Who has been in a zone for how long, and when that is loitering.

Dwell counts stream time while the feet of one track are in the zone: identity, not occupancy,
so that ten passers-by are not one loiterer. No pixels here; zones and feet are fractions.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.settings import DetectionSettings
from camerad.model import Box, Detection, EventName, Point, Zone, ZoneKind

_EDGE = 0.04
"""Feet this far (in body heights) outside have not left: boxes tremble."""

_UPRIGHT_SHARE = 0.6
"""Of a stay: a person is upright most of the time."""
_AT_EDGE_S = 1.5
"""Who is cut by the frame's edge may break off and come anew; after longer another has come."""
_BROKEN_S = 4.0
"""How long a track may be broken where people meet."""
_SETTLED_S = 3.0
"""Who has been here this long may be hidden for longer."""
_SAME_PLACE = 0.35
"""Body heights from where a stay was on the whole within which somebody stands there."""
_LINGER_S = 4.0
"""Time constant of where that is."""
_PARTED_S = 1.0
"""Who comes out of a meeting so long after a stay has left was in it."""
_REACH = 1.2
"""Body heights from where a track broke within which another may be the same person."""
_DOUBT = 0.3
"""Of the time somebody was hidden, they must then be here to be told: a passer-by walks on."""
_CAME = 1.5
"""Body heights from where a track broke within which its replacement comes into view."""
_FRAME = 0.02
"""A box this near to the frame's edge touches it."""


@dataclass(frozen=True)
class Presence:
    """A confirmed track at one moment, in fractions of the frame."""

    track: int
    box: Box
    feet: Point
    travelled: bool
    """It came walking, or split off something that did."""
    upright: bool
    """Higher than wide."""
    lively: bool
    """It has moved lately enough to be alive."""
    born_s: float
    entered: bool
    """It came into the picture over the frame's edge."""
    alone: bool = True
    """It came into view by itself, not out of another body."""
    came_at: Point | None = None
    """Where its feet were when it came into view, if that is known."""
    came_with: tuple[int, ...] = ()
    """The tracks that may have been this body and another as one, until they parted."""


@dataclass
class Stay:
    """One track's time in one zone. Owned by `Stays`."""

    zone: int
    track: int
    dwell_s: float
    seen_s: float
    """When the feet were last in the zone."""
    outside: bool
    box: Box
    feet: Point
    place: Point
    """Where the feet have been on the whole."""
    walked_in: bool = False
    """This track, or the broken one it replaces, came walking."""
    brought: bool = False
    """What it replaces came walking."""
    upright_s: float = 0.0
    """The part of the dwell during which it was higher than wide."""
    still_s: float = 0.0
    """Time in the zone since the last motion that is not counted yet."""
    still_upright_s: float = 0.0
    sure_s: float = 0.0
    """From when on it is sure that who was hidden is who stands here now."""
    stepped_out: bool = False
    """Whoever was hidden for long must come walking again."""
    started: bool = False

    @property
    def by_a_person(self) -> bool:
        """Whether who stays has been upright for most of it; a heap of cars is now and then."""
        return self.upright_s >= _UPRIGHT_SHARE * self.dwell_s


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
        stay.seen_s, stay.outside = t_s, False
        stay.box, stay.feet = presence.box, presence.feet
        stay.walked_in = stay.brought or presence.travelled
        upright = presence.upright and stay.by_a_person
        person = stay.walked_in and upright and presence.lively
        person = person and (presence.travelled or not stay.stepped_out)
        enough = zone.dwell_s is not None and stay.dwell_s >= zone.dwell_s
        if stay.started or not enough or not person or t_s < stay.sure_s:
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
        best: Stay | None = None
        for stay in self.open:
            if stay.zone != index or t_s - stay.seen_s <= 0.0 or stay.outside:
                continue
            gone_s = t_s - stay.seen_s
            if gone_s > self._settings.inherit_s or not stay.by_a_person:
                continue
            if presence.born_s < stay.seen_s - 1.0:
                continue
            # over the edge one goes and another comes
            at_edge = _at_edge(stay.box)
            if (at_edge and gone_s > _AT_EDGE_S) or (presence.entered and not at_edge):
                continue
            high = max(presence.box[3], stay.box[3])
            apart = math.dist(presence.feet, stay.feet)
            # whoever steps out from behind a post comes out of nobody else
            hidden = presence.alone and stay.dwell_s >= _SETTLED_S
            if gone_s > (self._settings.inherit_s if hidden else _BROKEN_S):
                continue
            farthest = 0.3 if presence.entered else _REACH if hidden else 0.6
            near = apart <= min(farthest, 0.25 + 0.2 * gone_s) * high
            # whoever was seen to come from elsewhere is another
            came_at = presence.came_at or presence.feet
            near = near and math.dist(came_at, stay.feet) <= _CAME * high
            if not near or not _alike(presence.box, stay.box):
                continue
            if best is None or stay.dwell_s > best.dwell_s:
                best = stay
        if best is not None:
            hidden_s = t_s - best.seen_s
            best.sure_s = t_s + _DOUBT * hidden_s
            best.stepped_out = hidden_s > _BROKEN_S
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
            if s.zone == index and (s.track in presence.came_with or _may_have_stayed(s, presence))
        ]
        if not known:
            return stay
        # with whom it came is not sure: the shortest stay is surely shared
        other = min(known, key=lambda s: s.dwell_s)
        if other.by_a_person and not other.started and _alike(presence.box, other.box):
            stay.dwell_s, stay.upright_s = other.dwell_s, other.upright_s
            stay.walked_in = stay.brought = other.walked_in
        return stay

    def _give_back(self, left: Stay, t_s: float) -> None:
        """When whoever leaves passed somebody who now stands where the stay was, these two were
        mistaken for each other: the stay goes on with who is there.
        """
        if left.started or left.dwell_s < _SETTLED_S:
            return
        for other in self.open:
            if other.zone != left.zone or other.outside or other.started or other is left:
                continue
            newly = other.dwell_s < _SETTLED_S and t_s - other.seen_s < 1.0
            if newly and math.dist(other.feet, left.place) <= _SAME_PLACE * left.box[3]:
                if _alike(other.box, left.box):
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


def _may_have_stayed(stay: Stay, presence: Presence) -> bool:
    """Whether the track that has just left went on with somebody who passed, and whoever comes out
    of them now where they met is the one who stands there.
    """
    if presence.alone or not stay.outside or abs(presence.born_s - stay.seen_s) > _PARTED_S:
        return False
    return math.dist(presence.feet, stay.feet) <= 0.6 * max(presence.box[3], stay.box[3])


def _alike(a: Box, b: Box) -> bool:
    """Whether two boxes are of a size: a scrap is not the body it was part of."""
    return min(a[3], b[3]) >= 0.6 * max(a[3], b[3]) and min(a[2], b[2]) >= 0.5 * max(a[2], b[2])


def _at_edge(box: Box) -> bool:
    x, y, w, h = box
    return x < _FRAME or y < _FRAME or x + w > 1.0 - _FRAME or y + h > 1.0 - _FRAME
