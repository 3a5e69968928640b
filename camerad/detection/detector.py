"""One camera's detection, put together: pictures in, events out.

Holds the order of the steps and nothing that decides. One object a camera, one thread an object.
"""

import datetime
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.detection.background import Background, Foreground
from camerad.detection.blobs import Blob, find_blobs
from camerad.detection.ghosts import Ghosts, box_window
from camerad.detection.masks import Mask, mask_privacy, polygons_mask
from camerad.detection.medians import median_of_five
from camerad.detection.motion import Motion
from camerad.detection.presence import Presence
from camerad.detection.scenery import StillParts, is_scenery
from camerad.detection.settings import DetectionSettings
from camerad.detection.shrinking import shrunk
from camerad.detection.stays import Stays
from camerad.detection.strangeness import Look, Strangeness
from camerad.detection.tracker import Tracker
from camerad.detection.tracks import Track, TrackSnapshot
from camerad.model import Detection, Zone, ZoneKind

Luma = NDArray[np.uint8]
_Picture = tuple[Luma, float, datetime.time | None]

_GAP_S = 10.0
"""After a hole in the stream longer than this nothing seen before is assumed to go on."""
_OPENING_LOOKS = 5
"""The first empty scene is made of so many pictures."""
_GLANCE_PX = 96
"""Width of the small picture that tells whether anything changed at all."""
_GLANCE_CHANGE = 6
"""Grey levels by which a spot of the small picture must change to be worth a look."""


class Detector:
    """Motion and loitering on one camera. Give it luma pictures in stream time.

    `process` wants H x W uint8 pictures of one size and `t_s` that does not decrease; pictures
    for which `wants` is false may be left out. `local_time` None means every zone is armed.
    """

    def __init__(
        self,
        zones: Sequence[Zone],
        *,
        settings: DetectionSettings = DetectionSettings(),  # noqa: B008 - frozen
    ) -> None:
        self._zones = tuple(zones)
        self._settings = settings
        self._stays = Stays(zones, settings)
        self._tracker = Tracker(settings)
        self._period = 1.0 / settings.analysed_per_s
        self._due_s: float | None = None
        self._last_s: float | None = None
        self._size = (0, 0)
        self._background: Background | None = None
        self._motion = Motion(zones, (1, 1), settings)
        self._ignored: Mask | None = None
        self._held: Mask | None = None
        self._previous: Luma | None = None
        self._ghosts: Ghosts | None = None
        self._still_parts = StillParts((1, 1), settings)
        self._opening: list[_Picture] = []
        self._glance: Luma | None = None
        self._strangeness = Strangeness()
        self.foreground: Mask | None = None
        """H x W uint8 as analysed: 255 where the last picture differs from the empty scene; for
        drawing and measuring."""
        self.skipped = 0
        """Pictures in which nothing had changed, so that no more was done."""

    def wants(self, t_s: float) -> bool:
        """Whether a picture at `t_s` is due. Half a frame early is better than one late."""
        return self._due_s is None or t_s >= self._due_s - 0.1 * self._period

    @property
    def tracks(self) -> list[TrackSnapshot]:
        """What is followed now and visible, for drawing."""
        return [
            TrackSnapshot(
                t.number, self._fraction_box(t), self._fraction_feet(t), t.travelled, t.upright()
            )
            for t in self._tracker.confirmed()
            if t.visible
        ]

    def dwells(self) -> dict[int, float]:
        """Track -> its longest dwell in a loiter zone, seconds; for drawing."""
        longest: dict[int, float] = {}
        for stay in self._stays.open:
            longest[stay.track] = max(stay.dwell_s, longest.get(stay.track, 0.0))
        return longest

    def alerting(self) -> frozenset[int]:
        """Tracks that are loitering now, for drawing."""
        return frozenset(stay.track for stay in self._stays.open if stay.started)

    @property
    def empty_scene(self) -> Luma | None:
        """H x W as analysed: the scene as it is without who is followed now; for a second look."""
        return None if self._background is None else self._background.scene

    def process(
        self, luma: Luma, t_s: float, local_time: datetime.time | None = None
    ) -> list[Detection]:
        """Look at one picture. Returns what begins or ends at `t_s`."""
        said: list[Detection] = []
        if self._last_s is not None and t_s - self._last_s > _GAP_S:
            said = self.finish(self._last_s)
            self._background = None
        due = t_s if self._due_s is None else self._due_s
        self._due_s = max(due + self._period, t_s + 0.5 * self._period)
        frame = self._shrink(luma)
        if self._background is not None and frame.shape != (self._size[1], self._size[0]):
            said += self.finish(t_s)
            self._background = None
        background = self._background
        if background is None or self._held is None or self._previous is None:
            self._last_s = t_s
            if self._opening and self._opening[0][0].shape != frame.shape:
                self._opening = []
            self._opening.append((frame, t_s, local_time))
            if len(self._opening) < _OPENING_LOOKS:
                return said
            pictures, self._opening = self._opening, []
            return said + self._open(pictures)
        elapsed = t_s - (self._last_s or 0.0)
        self._last_s = t_s
        if self._nothing_new(frame):
            self.skipped += 1
            self.foreground = np.zeros_like(frame)
            background.learn(frame, self._held, elapsed)
            return said + self._judge([], np.zeros_like(frame), t_s, local_time)
        foreground = background.subtract(frame, self._held)
        if self._ignored is not None:
            cv2.bitwise_and(foreground.mask, self._ignored, dst=foreground.mask)
            cv2.bitwise_and(foreground.solid, self._ignored, dst=foreground.solid)
        frame, self.foreground = foreground.frame, foreground.mask
        moving = background.changed(frame, self._previous)
        self._previous = frame
        if not self._to_be_judged(frame, foreground, moving, t_s):
            self._tracker.wait(elapsed, t_s)
            self._stays.wait(elapsed)
            return said
        blobs = find_blobs(foreground, self._settings)
        begun = self._tracker.begun
        self._tracker.step(frame, blobs, t_s, falling=background.precipitation.falling)
        background.precipitation.count(self._tracker.begun - begun, elapsed)
        self._note_liveliness(frame, background, t_s)
        self._still_parts.step(moving, elapsed)
        self._clear_scene(frame, foreground, moving, blobs, t_s)
        self._held = self._held_mask(blobs)
        background.learn(frame, self._held, elapsed)
        return said + self._judge(blobs, moving, t_s, local_time)

    def finish(self, t_s: float) -> list[Detection]:
        """End what is open: the stream is over."""
        said = self._motion.finish(t_s) + self._stays.finish(t_s)
        for track in list(self._tracker.tracks):
            self._tracker.remove(track)
        return said

    def _shrink(self, luma: Luma) -> Luma:
        small = shrunk(luma, self._settings.width_px)
        hidden = mask_privacy(small, self._zones)
        return np.asarray(cv2.GaussianBlur(hidden, (3, 3), 0), np.uint8)

    def _open(self, pictures: Sequence[_Picture]) -> list[Detection]:
        """Begin with a scene that is known from these; what moved in them meanwhile."""
        frame = pictures[-1][0]
        height, width = frame.shape
        self._size = (width, height)
        # who walked in the first pictures, and the flakes that fell, are not in most of them
        empty = median_of_five(*(kept for kept, _, _ in pictures))
        self._background = Background(empty, self._settings)
        self._motion = Motion(self._zones, self._size, self._settings)
        ignored = [z.polygon for z in self._zones if z.kind is ZoneKind.IGNORE]
        if ignored:
            inverted = cv2.bitwise_not(polygons_mask(ignored, width, height))
            self._ignored = np.asarray(inverted, np.uint8)
        self._held = np.zeros_like(frame)
        self._previous = frame
        self._ghosts = Ghosts(frame.shape)
        self._strangeness = Strangeness()
        self._still_parts = StillParts(frame.shape, self._settings)
        self._glance = None
        self._tracker.tracks = []
        return self._moved_in(pictures) if self._motion.wanted else []

    def _moved_in(self, pictures: Sequence[_Picture]) -> list[Detection]:
        """Motion in the pictures that the scene was made of; each with its own time."""
        background, held = self._background, self._held
        assert background is not None, "opened"
        assert held is not None, "opened"
        said: list[Detection] = []
        for (before, _, _), (kept, at_s, at_time) in pairwise(pictures):
            moving = background.changed(kept, before)
            blobs = find_blobs(background.subtract(kept, held, tries=False), self._settings)
            said += self._judge(blobs, moving, at_s, at_time)
        return said

    def _nothing_new(self, frame: Luma) -> bool:
        """Compared with the last picture that was looked at, so that slow change adds up."""
        glance = shrunk(frame, _GLANCE_PX)
        if self._glance is not None and not self._tracker.tracks:
            change = cv2.absdiff(glance, self._glance)
            if float(cv2.minMaxLoc(change)[1]) < _GLANCE_CHANGE:
                return True
        self._glance = glance
        return False

    def _to_be_judged(self, frame: Luma, foreground: Foreground, moving: Mask, t_s: float) -> bool:
        """Whether the picture tells anything of bodies; else the scene is seen to."""
        background, held = self._background, self._held
        if background is None or held is None:
            return True
        look = self._strangeness.look(foreground, moving, held, t_s)
        if look is Look.JUDGE:
            return True
        if not background.recall(frame) and look is Look.NEW_SCENE:
            background.restart(frame, held)
        return False

    def _note_liveliness(self, frame: Luma, background: Background, t_s: float) -> None:
        for track in self._tracker.tracks:
            if track.visible:
                track.note_motion(frame, background.threshold, t_s)

    def _clear_scene(
        self, frame: Luma, foreground: Foreground, moving: Mask, blobs: Sequence[Blob], t_s: float
    ) -> None:
        """Take ghosts and things that have become part of the scene into the background."""
        background, ghosts = self._background, self._ghosts
        if background is None or ghosts is None:
            return
        for window in ghosts.step(frame, foreground, moving, blobs):
            background.absorb(frame, window)
            for track in self._tracker.inside(window):
                self._tracker.remove(track)
        for track in list(self._tracker.tracks):
            if track.visible and is_scenery(track, t_s, self._settings):
                background.absorb(frame, box_window(frame.shape, track.box, 3))
                self._tracker.remove(track)
        for window, still in self._still_parts.of(self._tracker.tracks):
            background.absorb(frame, window, still)

    def _held_mask(self, blobs: Sequence[Blob]) -> Mask:
        held = np.zeros((self._size[1], self._size[0]), np.uint8)
        for track in self._tracker.tracks:
            held[box_window(held.shape, track.box, max(2, round(0.08 * track.h)))] = 255
        for blob in blobs:
            held[box_window(held.shape, (blob.x, blob.y, blob.w, blob.h), 2)] = 255
        return held

    def _judge(
        self,
        blobs: Sequence[Blob],
        moving: Mask,
        t_s: float,
        local_time: datetime.time | None,
    ) -> list[Detection]:
        said: list[Detection] = []
        if self._motion.wanted:
            armed = [
                local_time is None or z.armed is None or z.armed.covers(local_time)
                for z in self._motion.zones()
            ]
            said += self._motion.step(blobs, moving, t_s, armed)
        width, height = self._size
        present = [
            self._presence(track, t_s)
            for track in self._tracker.confirmed()
            if track.visible
            and track.h >= self._settings.min_height * height
            and not self._tracker.is_fragment(track)
            and not track.is_scrap(width, height)
        ]
        return said + self._stays.step(present, t_s, local_time, width / height)

    def _presence(self, track: Track, t_s: float) -> Presence:
        return Presence(
            track.number,
            self._fraction_box(track),
            self._fraction_feet(track),
            travelled=track.travelled,
            upright=track.upright(),
            lively=t_s - track.moved_s <= self._settings.lively_s,
            born_s=track.born_s,
            entered=track.entered,
            alone=track.alone,
            came_at=self._fraction(track.origin),
            came_with=track.came_with,
        )

    def _fraction_box(self, track: Track) -> tuple[float, float, float, float]:
        width, height = self._size
        x, y = max(0.0, track.x / width), max(0.0, track.y / height)
        right = min(1.0, (track.x + track.w) / width)
        foot = min(1.0, (track.y + track.h) / height)
        return (x, y, max(0.0, right - x), max(0.0, foot - y))

    def _fraction_feet(self, track: Track) -> tuple[float, float]:
        return self._fraction(track.feet)

    def _fraction(self, point: tuple[float, float]) -> tuple[float, float]:
        return (point[0] / self._size[0], point[1] / self._size[1])
