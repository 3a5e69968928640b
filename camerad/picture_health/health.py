"""Is this picture fit to watch by: covered, sprayed, turned, defocused, black, washed out, frozen?

Every look is judged by itself against the memory (`_judge`); what is decided over time (`_watch`)
is how long it must last, whether it came suddenly, and what may be learned. Dusk is not sudden, a
lorry does not last, and neither is ever learned as the usual look while it is in doubt.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.model import Detection, EventName, Trouble, Zone, ZoneKind
from camerad.picture_health.frozen import Frozen
from camerad.picture_health.looks import (
    LEAST_PATTERN,
    Likeness,
    Look,
    measure,
    shift_between,
    without_pattern,
)
from camerad.picture_health.memory import Memory
from camerad.picture_health.settings import HealthSettings

Luma = NDArray[np.uint8]

_STILL_PX = 1.0
"""Grey levels; a picture that a recorder puts in place of a lost one has no noise at all."""
_PRIVATE = 0.9
"""Share of the picture under privacy zones from which the rest tells nothing."""
_SHOWS_NOTHING = 2
"""Tiles with a pattern that an overlaid clock may have in a picture that shows nothing else."""
_FADING_S = 2.0
"""A lens may take this long to be covered."""
_LEARN_AT_MOST_S = 5.0
"""After a gap one look is not worth more than this."""
_FADES_TO_NOTHING = frozenset(
    {Trouble.COVERED, Trouble.BLACK, Trouble.WASHED_OUT, Trouble.SIGNAL_LOST}
)


@dataclass(frozen=True)
class _Sight:
    """How strong the picture was at one moment."""

    t_s: float
    judged: int
    faded: float
    """Of the landmarks' pattern, see `Likeness`."""
    span: float
    """Grey levels from dark to bright."""


class PictureHealth:
    """One camera's picture, looked at about once a second. Pure: time is an argument.

    Give it H x W uint8 luma of any size, privacy zones not yet blackened; `t_s` does not decrease.
    It may live longer than a connection: what it learned is good for the next one.
    """

    def __init__(
        self,
        zones: Sequence[Zone] = (),
        *,
        settings: HealthSettings = HealthSettings(),  # noqa: B008 - frozen
    ) -> None:
        self._settings = settings
        self._private = [z.polygon for z in zones if z.kind is ZoneKind.PRIVACY]
        self._private_mask: Luma | None = None
        self._is_private = False
        self._size: tuple[int, ...] = (0, 0)
        self._memory: Memory | None = None
        self._previous: Look | None = None
        self._due_s: float | None = None
        self._last_s: float | None = None
        self._began_s = 0.0
        self._lately: deque[_Sight] = deque(maxlen=64)
        self._doubt_since: float | None = None
        self._well_since: float | None = None
        self._shift: tuple[float, float] | None = None
        self._after_dusk = False
        self._raised_s = 0.0
        self._saw_something = False
        self._frozen = Frozen(settings.frozen_after_s)
        self.trouble: Trouble | None = None
        """What is wrong now, as long as it is."""

    def wants(self, t_s: float) -> bool:
        """Whether a picture at `t_s` is due. Half a frame early is better than one late."""
        return self._due_s is None or t_s >= self._due_s - 0.02

    def process(self, luma: Luma, t_s: float) -> list[Detection]:
        """Look at one picture. Returns what begins or ends at `t_s`."""
        frozen = self._frozen.look(luma, t_s)
        look = self._measured(luma)
        if self.trouble is Trouble.FROZEN or (frozen and self._shows_something(look)):
            return self._stands_still(t_s, still=frozen)
        if self._memory is None or self._last_s is None:
            self._memory, self._began_s = Memory(look), t_s
            self._last_s, self._previous = t_s, look
            self._due_s = t_s + self._settings.every_s
            return []
        elapsed, self._last_s = t_s - self._last_s, t_s
        if elapsed > self._settings.recently_s:
            self._bridge(elapsed)
        if self._is_private:
            return []
        said = self._watch(look, self._memory, t_s, min(elapsed, _LEARN_AT_MOST_S))
        self._previous = look
        in_doubt = self.trouble is not None or self._doubt_since is not None
        wait_s = self._settings.doubt_every_s if in_doubt else self._settings.every_s
        self._due_s = t_s + wait_s
        return said

    def finish(self, t_s: float) -> list[Detection]:
        """End what is open: there will be no more pictures."""
        return [] if self.trouble is None else [self._end(t_s)]

    def _shows_something(self, look: Look) -> bool:
        """What shows nothing is dark or covered: that says more than that it is still."""
        return self.trouble is None and not _nothing_in(look, self._settings)

    def _stands_still(self, t_s: float, *, still: bool) -> list[Detection]:
        """Nothing is learned of a picture that is none."""
        self._due_s = t_s + self._settings.every_s
        if not still:
            return [self._end(t_s)]
        return [self._begin(Trouble.FROZEN, t_s)] if self.trouble is None else []

    def _measured(self, luma: Luma) -> Look:
        if luma.shape != self._size:
            self._size = luma.shape
            self._memory = None
            self._private_mask, self._is_private = None, False
            if self._private:
                mask = np.zeros(luma.shape, np.uint8)
                scale = (luma.shape[1], luma.shape[0])
                for polygon in self._private:
                    corners = np.rint(np.asarray(polygon) * scale).astype(np.int32)
                    cv2.fillPoly(mask, [corners], 255)
                self._private_mask = mask
                self._is_private = cv2.countNonZero(mask) > _PRIVATE * mask.size
        return measure(luma, self._private_mask)

    def _bridge(self, gap_s: float) -> None:
        """As if no time had passed since the last look, but for what long hours bring."""
        self._doubt_since, self._well_since = None, None
        self._after_dusk = gap_s > self._settings.gap_s
        moved = [replace(sight, t_s=sight.t_s + gap_s - 1.0) for sight in self._lately]
        self._lately = deque(moved, self._lately.maxlen)

    # -- one look ------------------------------------------------------------------------------

    def _judge(self, look: Look, like: Likeness) -> Trouble | None:
        """What would be wrong if it lasted."""
        rule = self._settings
        if look.bright <= rule.black:
            return Trouble.BLACK
        if look.dark >= rule.white or look.middle >= rule.glare:
            return Trouble.WASHED_OUT
        if like.judged < rule.least_landmarks:
            return None
        least_sharp = rule.sharp_again if self.trouble is Trouble.DEFOCUSED else rule.sharpness
        blurred = Trouble.DEFOCUSED if like.sharpness < least_sharp else None
        if like.kept >= rule.kept:
            self._shift = None
            return blurred
        assert self._memory is not None
        across, down, certainty = shift_between(look, self._memory.look)
        if certainty >= rule.shift_certainty and like.faded >= rule.faint:
            before, self._shift = self._shift, (across, down)
            if max(abs(across), abs(down)) <= rule.shake:
                return blurred
            # what moves on from look to look is a gale, not a new view
            gale = before is not None and math.dist(before, self._shift) > rule.shake / 2
            return None if gale else Trouble.TURNED
        if look.middle >= rule.white:
            return Trouble.WASHED_OUT
        if without_pattern(look, self._previous, self._memory.landmarks()) < rule.plain:
            return Trouble.SPRAYED if like.kept >= rule.sprayed else Trouble.TURNED
        if self._is_frozen(look):
            return Trouble.SIGNAL_LOST
        return Trouble.BLACK if look.bright <= rule.dim else Trouble.COVERED

    def _is_frozen(self, look: Look) -> bool:
        previous = self._previous
        if previous is None or previous.band.shape != look.band.shape:
            return False
        return float(cv2.absdiff(look.band, previous.band).max()) < _STILL_PX / 4

    # -- over time -----------------------------------------------------------------------------

    def _watch(self, look: Look, memory: Memory, t_s: float, elapsed: float) -> list[Detection]:
        rule = self._settings
        if not self._saw_something:
            if _nothing_in(look, rule):
                return self._blind(look, t_s)
            self._saw_something = True
            self._forget(look)
            memory = self._memory or memory
        like = memory.compare(look)
        seen = self._judge(look, like)
        if self.trouble is None and self._is_too_young(memory, seen, look):
            self._forget(look)
            return []
        self._lately.append(_Sight(t_s, like.judged, like.faded, look.bright - look.dark))
        if seen is None:
            return self._all_is_well(look, memory, t_s, elapsed)
        self._well_since = None
        if self.trouble is not None:
            if t_s - self._raised_s >= rule.accept_after_s and seen is Trouble.TURNED:
                self._forget(look)
                return [self._end(t_s)]
            return []
        if self._doubt_since is None:
            self._doubt_since = t_s
        if t_s - self._doubt_since < rule.raise_after_s - 1e-6:
            return []
        if not self._came_suddenly(seen):
            # dusk, fog, snow: this is how it looks now
            self._forget(look)
            return []
        return [self._begin(seen, t_s)]

    def _is_too_young(self, memory: Memory, seen: Trouble | None, look: Look) -> bool:
        """Whether what was learned was perhaps only something that passed by at the start."""
        if seen is None or _nothing_in(look, self._settings):
            return False
        view = seen in (Trouble.TURNED, Trouble.SPRAYED)
        return memory.learned_s < (self._settings.settled_s if view else self._settings.young_s)

    def _blind(self, look: Look, t_s: float) -> list[Detection]:
        """From the start the picture has shown nothing at all."""
        if self.trouble is not None or t_s - self._began_s < self._settings.blind_after_s:
            return []
        dark, light = look.bright <= self._settings.dim, look.dark >= self._settings.white
        seen = Trouble.BLACK if dark else Trouble.WASHED_OUT if light else Trouble.COVERED
        return [self._begin(seen, t_s)]

    def _all_is_well(
        self, look: Look, memory: Memory, t_s: float, elapsed: float
    ) -> list[Detection]:
        rule = self._settings
        self._doubt_since, self._after_dusk = None, False
        if self._well_since is None:
            self._well_since = t_s
        if self.trouble is None:
            memory.learn(look, elapsed)
            return []
        if t_s - self._well_since < rule.well_after_s - 1e-6:
            return []
        return [self._end(t_s)]

    def _came_suddenly(self, trouble: Trouble) -> bool:
        """Whether it was well shortly before, and did not fade away little by little."""
        rule = self._settings
        assert self._doubt_since is not None
        within = rule.sudden_within_s if trouble in _FADES_TO_NOTHING else rule.recently_s
        began = self._doubt_since
        before = [s for s in self._lately if began - within <= s.t_s < began]
        if not before or trouble not in _FADES_TO_NOTHING:
            return bool(before)
        if self._after_dusk:
            return False
        then = next(s for s in self._lately if s.t_s >= began + _FADING_S)
        if then.judged >= rule.least_landmarks:
            return max(s.faded for s in before) >= rule.sudden * then.faded
        return max(s.span for s in before) >= rule.sudden * then.span

    def _forget(self, look: Look) -> None:
        self._memory = Memory(look)
        self._doubt_since = None
        self._lately.clear()

    def _begin(self, trouble: Trouble, t_s: float) -> Detection:
        self.trouble, self._raised_s = trouble, t_s
        return Detection(EventName.TAMPER_STARTED, t_s, "", trouble=trouble)

    def _end(self, t_s: float) -> Detection:
        trouble, self.trouble = self.trouble, None
        self._doubt_since = None
        return Detection(EventName.TAMPER_ENDED, t_s, "", trouble=trouble)


def _nothing_in(look: Look, rule: HealthSettings) -> bool:
    """Whether a look shows nothing, but for what an overlaid clock may have."""
    if look.bright <= rule.black or look.dark >= rule.white:
        return True
    return int(np.count_nonzero(look.power >= LEAST_PATTERN**2)) <= _SHOWS_NOTHING
