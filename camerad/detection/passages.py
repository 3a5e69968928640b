"""Is somebody merely passing? Whether a way through a zone has been one steady straight walk.

Where a dwell is hardly longer than crossing the zone takes, everybody who walks through slowly
would be a lingerer. What tells them apart is the way and not the time: who passes never stands,
and gets on. No zones and no tracks here: where feet were, how high the body is, and when.
"""

import math
from collections import deque

from camerad.model import Point

_STAND_S = 2.5
"""Who has not got on in so long stands; and a way that is shorter yet tells nothing."""
_GOT_ON = 0.25
"""Body heights that are getting on: who stands sways, and boxes tremble."""
_PACE = 0.2
"""Body heights a second, on the whole way, of somebody who walks through and does not stroll."""
_STEP = 0.35
"""Body heights after which the way has a corner; smaller turns are the box's, not the walker's."""
_STRAIGHT = 0.8
"""Of the way along its corners, how much nearer it must have brought them to where they are."""


class Passage:
    """One body's way since it came into a zone. `note` whenever its feet are seen there.

    Lengths are in any one unit, the same for both axes; only their relation to the body's height
    counts. Time is stream time: how often it is noted does not matter.
    """

    def __init__(self) -> None:
        self._lately: deque[tuple[float, Point]] = deque()
        self._came: tuple[float, Point] | None = None
        self._corner: Point = (0.0, 0.0)
        self._along = 0.0
        self._ended = False
        self.steady = False
        """Whether it has been one steady straight walk, for long enough to tell. Who has stood or
        turned is no passer-by any more, even if they walk on.
        """

    def note(self, feet: Point, high: float, t_s: float) -> None:
        """Its feet are here now, and it is `high`."""
        if self._ended or (self._lately and t_s <= self._lately[-1][0]):
            return
        if self._came is None:
            self._came, self._corner = (t_s, feet), feet
        self._lately.append((t_s, feet))
        if math.dist(feet, self._corner) > _STEP * high:
            self._along += math.dist(feet, self._corner)
            self._corner = feet
        came_s, start = self._came
        if t_s - came_s < _STAND_S:
            return
        way = math.dist(feet, start)
        stands = math.dist(feet, self._at(t_s - _STAND_S)) < _GOT_ON * high
        strolls = way < _PACE * high * (t_s - came_s)
        bent = math.dist(self._corner, start) < _STRAIGHT * self._along
        self._ended = stands or strolls or bent
        self.steady = not self._ended
        if self._ended:
            self._lately.clear()

    def _at(self, t_s: float) -> Point:
        """Where it was at `t_s`, between two moments on the line between them."""
        while len(self._lately) > 2 and self._lately[1][0] <= t_s:
            self._lately.popleft()
        (before_s, before), (after_s, after) = self._lately[0], self._lately[1]
        share = (t_s - before_s) / (after_s - before_s)
        return (
            before[0] + share * (after[0] - before[0]),
            before[1] + share * (after[1] - before[1]),
        )
