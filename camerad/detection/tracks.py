"""One followed thing: where it is, how it moved, and what it looks like right now.

A track is a number that lives for one run on one camera. Its look is a small patch of the last
seconds, used to find it again inside a crowd; it is never kept or compared across tracks.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camerad.detection.blobs import Blob
from camerad.detection.looks import cut_out, differs, find, window_of
from camerad.detection.settings import DetectionSettings

Luma = NDArray[np.uint8]

_MATURE_HITS = 5
"""Sightings after which, and"""
_MATURE_S = 1.2
"""seconds after which a sudden change of size is doubted."""
_GROWN_DOUBT_S = 1.0
_SHRUNK_DOUBT_S = 1.5
_SHIFTED = 0.08
"""Body heights: a track whose feet went this far has moved."""
_ROOMY = 0.6
"""Share of the frame's height above which a body counts as no higher."""
_CORNER = 0.15
"""Share of the frame's height that what is cut by two edges must show to be told at all."""
_NEAR_EDGE = 0.05
"""Share of the frame's height from its lower edge that is the corner: a shaken picture's lower edge
comes and goes."""
_UNSTEADY = 0.45
"""Body heights by which a body, once it is in view, is never out of its place on average."""
_HALF_HIDDEN = 0.25
"""So much more surprising is a body of which only a part shows."""
_SCRAP_S = 4.0
"""What has been at the frame's edge for so long without growing is not somebody coming in."""
_PACE_S = 8.0
"""What it came so long ago counts for a third of its way."""
_NEW_S = 2.0
_CHANGED = 0.5
"""The same for one look at what has just come into view: it has become something else."""
_LEGS = 0.25
"""Body heights that must show under what hides the rest."""
_SAME_LOOK = 0.8
"""Normalised correlation from which on there is no doubt that a patch was found again."""


@dataclass(frozen=True)
class TrackSnapshot:
    """A track for drawing. `box` and `feet` in fractions of the frame."""

    track: int
    box: tuple[float, float, float, float]
    feet: tuple[float, float]
    travelled: bool
    upright: bool


class Track:
    """Mutable; owned by one `Tracker`. Pixels of the analysed picture, stream seconds."""

    def __init__(self, number: int, blob: Blob, t_s: float) -> None:
        self.number = number
        self.x, self.y, self.w, self.h = blob.x, blob.y, blob.w, blob.h
        self.vx = self.vy = 0.0
        self.last_box = self.box
        """Where it was before `predict` moved it on: people stop at once."""
        self.born_s = self.seen_s = self.moved_s = self.apart_s = t_s
        self._began_s = t_s
        self.hits = 1
        self.origin = self.feet
        self.came_at = self._centre()
        """Its middle when it came into view, and"""
        self.came_h = blob.h
        """its height then."""
        self.entered = blob.cut_bottom or blob.cut_side
        """It came into the picture over the frame's edge."""
        self._way_from: tuple[float, float] | None = None
        self._way_hits = 0
        self._changed = False
        self.travelled = False
        self._shown = self.box
        """The last blob that was taken for it."""
        self.unsteady = 0.0
        """How far place and size are from what was to be expected, lately, in body heights."""
        self.alone = True
        """It came by itself, as one body: not split off another, not shrunk to a remainder."""
        self.cut_bottom = blob.cut_bottom
        self.tall_share = 0.5
        self._tall_bound = 1.0
        self.peak_h = blob.h
        self.peak_w = blob.w
        self.visible = True
        self.waited_s = 0.0
        """For how long nothing could be seen since it was last seen."""
        self.broken = False
        """It has become something else; what is there now deserves a new track."""
        self.parent_h = 0.0
        """Height of what it split off; its own travel is measured against that."""
        self.came_with: tuple[int, ...] = ()
        """Numbers of the tracks that may have been this body and another, until they parted."""
        self._patch: Luma | None = None
        self._pose: tuple[tuple[slice, slice], Luma] | None = None
        self._posed_at = self.feet
        self._thing_foot: float | None = None
        """How far a thing that it has gone behind reached down when they met."""
        self._doubt_s = 0.0
        self._doubt_since = t_s
        self._anchor = (self.feet, t_s)
        """Where it was and since when it has not left that place."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x, y, w, h)."""
        return (self.x, self.y, self.w, self.h)

    @property
    def feet(self) -> tuple[float, float]:
        """Bottom centre: where the thing stands."""
        return (self.x + self.w / 2, self.y + self.h)

    @property
    def followable(self) -> bool:
        """Whether there is a look to find it by inside a crowd."""
        return self._patch is not None

    def is_scrap(self, frame_width: int, frame_height: int) -> bool:
        """Whether only a strip of it is left at the side of the frame, or it fills a corner."""
        if self.x > 2.0 and self.x + self.w < frame_width - 2.0:
            return False
        low = self.y + self.h >= (1.0 - _NEAR_EDGE) * frame_height
        corner = low and self.h < _CORNER * frame_height
        return corner or self.w < 0.4 * self.peak_w

    def still_since_s(self) -> float:
        """When it came to the place where it is."""
        return self._anchor[1]

    def upright(self) -> bool:
        """Whether it is and has mostly been one body higher than wide, not a hop of raindrops."""
        tall = self.tall_share >= 0.5 and self.h > self._tall_bound * self.w
        return tall and self.unsteady < _UNSTEADY

    def descend_from(self, parent: "Track") -> None:
        """It is a piece of a body that has only just come into view: their way is one."""
        self.born_s = min(self.born_s, parent.born_s)
        if self.h >= 0.5 * parent.h:
            self.travelled = self.travelled or parent.travelled
        self.entered = self.entered or parent.entered
        if self._way_from is None or parent.hits > self._way_hits:
            self._way_from, self._way_hits = parent.origin, parent.hits
            self.origin = parent.origin
            self.came_at, self.came_h = parent.came_at, parent.came_h

    def take_over(self, other: "Track") -> None:
        """The other is a part of the same body."""
        self.descend_from(other)
        self.hits = min(self.hits, _MATURE_HITS - 2)
        self._doubt_s = 0.0

    def predict(self, elapsed_s: float, unseen_s: float) -> None:
        """Move on as before; what is not seen slows down."""
        self.last_box = self.box
        slow = float(np.exp(-unseen_s / 0.6))
        self.x += self.vx * elapsed_s * slow
        self.y += self.vy * elapsed_s * slow

    def see(
        self,
        blob: Blob,
        frame: Luma,
        t_s: float,
        settings: DetectionSettings,
        *,
        whole: bool,
        restless: bool = False,
    ) -> None:
        """A blob is this thing, or a part of it, or it and something else.

        `whole`: it is one blob; put together from pieces it says nothing about growing.
        `restless`: things keep coming into view here from nowhere.
        """
        elapsed = max(1e-3, t_s - self.seen_s)
        before = (self.x + self.w / 2 - self.vx * elapsed, self.y + self.h - self.vy * elapsed)
        at_edge = blob.cut_bottom or blob.cut_side or self.cut_bottom
        self._note_steadiness(blob, t_s)
        old = self.hits >= _MATURE_HITS and t_s - self.born_s >= _MATURE_S
        mature = old and not at_edge
        if at_edge and t_s - self.born_s > _SCRAP_S and blob.h > 2.0 * self.peak_h:
            # a scrap at the frame's edge is not who comes in there
            self.broken = True
            return
        grown = blob.w > 1.6 * self.w or blob.h > 1.35 * self.h
        shrunk = blob.h < 0.72 * self.h or blob.w < 0.45 * self.w
        if mature and (grown or shrunk):
            self._doubt_s += elapsed
            patience = _GROWN_DOUBT_S if grown else _SHRUNK_DOUBT_S
            if self._doubt_s < patience:
                if grown:
                    self.hold(frame, t_s, blob, settings)
                else:
                    self._lean_on(blob)
                    self._mark_seen(t_s, elapsed, before)
                return
            if self._outgrown(blob):
                self.broken = True
                return
            if shrunk and blob.h < 0.6 * self.peak_h:
                self.alone = False
            self.peak_h = blob.h
        self._doubt_s = 0.0
        self._take(blob, quick=not mature, whole=whole)
        self.cut_bottom = blob.cut_bottom
        self.peak_h = max(self.peak_h, self.h)
        self.peak_w = max(self.peak_w, self.w)
        self._tall_bound = settings.tall_cut if blob.cut_bottom else settings.tall
        tall = 1.0 if blob.h > self._tall_bound * blob.w else 0.0
        weight = max(1.0 - math.exp(-elapsed / 2.4), 1.0 / (self.hits + 1))
        self.tall_share += weight * (tall - self.tall_share)
        self._mark_seen(t_s, elapsed, before)
        self._patch = cut_out(frame, self.box)
        self._note_travel(settings, frame.shape[0], elapsed, restless=restless)

    def hold(
        self,
        frame: Luma,
        t_s: float,
        within: Blob,
        settings: DetectionSettings,
        *,
        thing_foot: float | None = None,
    ) -> None:
        """It is somewhere inside a bigger blob: look for its patch near where it should be.

        `thing_foot`: the rest of the blob never walked, so that nobody else can be found there; so
        far down it reached until now.
        """
        elapsed = max(1e-3, t_s - self.seen_s)
        found, alike = (None, 0.0) if self._patch is None else find(frame, self._patch, self.box)
        if alike >= _SAME_LOOK:
            self.apart_s = t_s
        if found is not None:
            dx, dy = found[0] - self.x, found[1] - self.y
            self.x, self.y = found
            self.vx += 0.3 * dx / elapsed
            self.vy += 0.3 * dy / elapsed
        else:
            self.vx *= 0.7
            self.vy *= 0.7
        # it cannot have left the blob it is part of
        self.x = min(max(self.x, within.x - 0.3 * self.w), within.x + within.w - 0.7 * self.w)
        self.y = min(max(self.y, within.y - 0.3 * self.h), within.y + within.h - 0.7 * self.h)
        if found is not None and thing_foot is not None:
            self.apart_s = t_s
            self._patch = cut_out(frame, self.box)
        hidden = thing_foot is not None and found is None and self._stands_in(within, thing_foot)
        if hidden:
            # nobody walks on in a thing: where the feet are can be seen
            self.y, self.vx, self.vy = within.y + within.h - self.h, 0.0, 0.0
        if hidden or (found is not None and t_s - self.apart_s <= settings.hold_s):
            self.seen_s = t_s
            self.visible = True
            self._note_place(t_s)

    def wait(self, elapsed_s: float) -> None:
        """Nothing could be seen for so long; that is held against nobody."""
        self.waited_s += elapsed_s
        self.seen_s += elapsed_s
        self.moved_s += elapsed_s
        self.apart_s += elapsed_s

    def note_motion(self, frame: Luma, threshold: Luma, t_s: float) -> None:
        """Has it moved at all since it last did? Compared with how it looked then, not with the
        picture before: a slow sway adds up, and so does one that compression shows in jerks.
        """
        if self._pose is not None:
            window, pose = self._pose
            gone = self.distance_to(self._posed_at) > _SHIFTED
            if not gone and not differs(frame[window], pose, threshold[window]):
                return
        self.moved_s = t_s
        self._posed_at = self.feet
        window = window_of(frame.shape, self.box)
        self._pose = (window, frame[window].copy())

    def distance_to(self, feet: tuple[float, float]) -> float:
        """Between the feet, in this thing's body heights."""
        x, y = self.feet
        return float(np.hypot(x - feet[0], y - feet[1])) / max(self.h, 1.0)

    def _take(self, blob: Blob, *, quick: bool, whole: bool) -> None:
        size = 0.8 if quick else 0.35
        place = 1.0 if quick else 0.75
        centre = self.x + self.w / 2
        foot = self.y + self.h
        centre += place * (blob.x + blob.w / 2 - centre)
        foot += place * (blob.y + blob.h - foot)
        if whole or blob.w < self.w:
            self.w += size * (blob.w - self.w)
        if whole or blob.h < self.h:
            self.h += size * (blob.h - self.h)
        self.x, self.y = centre - self.w / 2, foot - self.h

    def _lean_on(self, blob: Blob) -> None:
        """Only a part shows: keep the size, follow the edge that fits best."""
        top_off = blob.y - self.y
        foot_off = blob.y + blob.h - self.y - self.h
        self.y += 0.75 * (top_off if abs(top_off) < abs(foot_off) else foot_off)
        if blob.w > 0.6 * self.w:
            self.x += 0.5 * (blob.x + blob.w / 2 - self.x - self.w / 2)
        else:
            left_off = blob.x - self.x
            right_off = blob.x + blob.w - self.x - self.w
            self.x += 0.5 * (left_off if abs(left_off) < abs(right_off) else right_off)

    def _mark_seen(self, t_s: float, elapsed: float, before: tuple[float, float]) -> None:
        gain = 0.4
        foot_x, foot_y = self.feet
        self.vx += gain * ((foot_x - before[0]) / elapsed - self.vx)
        self.vy += gain * ((foot_y - before[1]) / elapsed - self.vy)
        self.seen_s = self.apart_s = t_s
        self._thing_foot = None
        self.waited_s = 0.0
        self.hits += 1
        self.visible = True
        self._note_place(t_s)

    def _note_steadiness(self, blob: Blob, t_s: float) -> None:
        expected = (self.box, (*self.last_box[:2], self.w, self.h))
        surprise = min(_surprise(blob, box) for box in expected)
        if _within(blob, self.box):
            # half hidden it is smaller than it is known to be, but quite the same from look to look
            surprise = min(surprise, _surprise(blob, self._shown) + _HALF_HIDDEN)
        self._shown = (blob.x, blob.y, blob.w, blob.h)
        self.unsteady += max(0.2, 1.0 / (self.hits + 1)) * (min(surprise, 2.0) - self.unsteady)
        new = self.hits <= _MATURE_HITS and t_s - self._began_s <= _NEW_S
        if surprise > _CHANGED and new and not self.entered:
            self._changed = True

    def _note_place(self, t_s: float) -> None:
        if self.distance_to(self._anchor[0]) > 0.15:
            self._anchor = (self.feet, t_s)

    def _stands_in(self, within: Blob, thing_foot: float) -> bool:
        """Whether a blob reaches down to its feet because it stands there, behind leaves, say."""
        if self._thing_foot is None:
            self._thing_foot = thing_foot
        foot = self.y + self.h
        own = foot - self._thing_foot > _LEGS * self.h
        return own and abs(within.y + within.h - foot) < 0.5 * _LEGS * self.h

    def _outgrown(self, blob: Blob) -> bool:
        return blob.h > 2.0 * self.h or blob.w * blob.h > 4.0 * self.w * self.h

    def _note_travel(
        self, settings: DetectionSettings, frame_height: int, elapsed: float, *, restless: bool
    ) -> None:
        # whoever fills the picture has no room to walk in it
        body = min(self.h, _ROOMY * frame_height)
        least = min(max(self.peak_w, self.peak_h), _ROOMY * frame_height) if restless else 0.0
        enough = settings.travel_heights
        if self._changed:
            # what was there has become something else: that has not come a way yet
            self._changed = self.travelled = False
            self.origin, self.came_at, self.came_h = self.feet, self._centre(), self.h
            self.peak_w, self.peak_h = self.w, self.h
            self._way_from = None
        elif self.hits <= settings.confirm_hits and self._way_from is None:
            self.origin = self.feet
        elif math.dist(self.feet, self.origin) > enough * max(body, self.parent_h, least):
            # whatever it split off, it walks by itself now
            self.travelled = self.alone = True
        elif self.h >= 0.9 * self.came_h and not restless:
            # who comes into view shows a growing part: the feet tell nothing yet
            x, y = self._centre()
            way = math.hypot(x - self.came_at[0], y - self.came_at[1])
            self.travelled = self.travelled or way > enough * body
        if not self.travelled and not self.entered:
            # a drop that creeps down the glass comes a way too, but nobody walks like that
            late = 1.0 - math.exp(-elapsed / _PACE_S)
            self.origin = _towards(self.origin, self.feet, late)
            self.came_at = _towards(self.came_at, self._centre(), late)

    def _centre(self) -> tuple[float, float]:
        return (self.x + self.w / 2, self.y + self.h / 2)


def _towards(
    start: tuple[float, float], end: tuple[float, float], share: float
) -> tuple[float, float]:
    return (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))


def _within(blob: Blob, box: tuple[float, float, float, float]) -> bool:
    x, y, w, h = box
    across, down = 0.25 * w, 0.15 * h
    beside = blob.x >= x - across and blob.x + blob.w <= x + w + across
    return beside and blob.y >= y - down and blob.y + blob.h <= y + h + down


def _surprise(blob: Blob, box: tuple[float, float, float, float]) -> float:
    """How far place and size are from a box (x, y, w, h), in its heights."""
    x, y, w, h = box
    off = math.hypot(x + w / 2 - blob.x - blob.w / 2, y + h / 2 - blob.y - blob.h / 2)
    return off / max(h, 1.0) + abs(math.log(blob.h / max(h, 1.0)))
