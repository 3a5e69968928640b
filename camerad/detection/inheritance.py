"""Whether one track goes on with the stay of another: after a break, a post, a crowd.

Pure judgements of one stay and one presence; who asks, and what follows, is in `stays`.
"""

import math

from camerad.detection.presence import Presence, Stay
from camerad.detection.settings import DetectionSettings
from camerad.model import Box

_AT_EDGE_S = 1.5
"""Who is cut by the frame's edge may break off and come anew; after longer another has come."""
BROKEN_S = 4.0
"""How long a track may be broken where people meet."""
_SETTLED_S = 3.0
"""Who has been here this long may be hidden for longer."""
_SAME_PLACE = 0.35
"""Body heights from where a stay was on the whole within which somebody stands there."""
_PARTED_S = 1.0
"""Who comes out of a meeting so long after a stay has left was in it."""
_REACH = 1.2
"""Body heights from where a track broke within which another may be the same person."""
_CAME = 1.5
"""Body heights from where a track broke within which its replacement comes into view."""
_FRAME = 0.02
"""A box this near to the frame's edge touches it."""


def may_replace(presence: Presence, stay: Stay, t_s: float, settings: DetectionSettings) -> bool:
    """Whether the presence may be who stayed there until their track broke."""
    gone_s = t_s - stay.seen_s
    if gone_s <= 0.0 or gone_s > settings.inherit_s or stay.outside or not stay.by_a_person:
        return False
    if presence.born_s < stay.seen_s - 1.0:
        return False
    # over the edge one goes and another comes
    at_edge = _at_edge(stay.box)
    if (at_edge and gone_s > _AT_EDGE_S) or (presence.entered and not at_edge):
        return False
    high = max(presence.box[3], stay.box[3])
    apart = math.dist(presence.feet, stay.feet)
    # whoever steps out from behind a post comes out of nobody else
    hidden = presence.alone and stay.dwell_s >= _SETTLED_S
    if gone_s > (settings.inherit_s if hidden else BROKEN_S):
        return False
    farthest = 0.3 if presence.entered else _REACH if hidden else 0.6
    near = apart <= min(farthest, 0.25 + 0.2 * gone_s) * high
    # whoever was seen to come from elsewhere is another
    came_at = presence.came_at or presence.feet
    near = near and math.dist(came_at, stay.feet) <= _CAME * high
    return near and alike(presence.box, stay.box)


def mistaken(left: Stay, other: Stay, t_s: float) -> bool:
    """Whether whoever leaves passed somebody who has lately come to stand where the stay was."""
    if left.started or left.dwell_s < _SETTLED_S or left.way.steady:
        return False  # who walked straight through left nobody's stay behind
    if other.zone != left.zone or other.outside or other.started or other is left:
        return False
    newly = other.dwell_s < _SETTLED_S and t_s - other.seen_s < 1.0
    return newly and math.dist(other.feet, left.place) <= _SAME_PLACE * left.box[3]


def came_as_one(stay: Stay, presence: Presence) -> bool:
    """Whether the two were one body in the zone; who parted before they came in shares no time."""
    began_s = stay.seen_s - stay.dwell_s
    return stay.track in presence.came_with and began_s <= presence.born_s


def may_have_stayed(stay: Stay, presence: Presence) -> bool:
    """Whether the track that has just left went on with somebody who passed, and whoever comes out
    of them now where they met is the one who stands there.
    """
    if presence.alone or not stay.outside or abs(presence.born_s - stay.seen_s) > _PARTED_S:
        return False
    return math.dist(presence.feet, stay.feet) <= 0.6 * max(presence.box[3], stay.box[3])


def alike(a: Box, b: Box) -> bool:
    """Whether two boxes are of a size: a scrap is not the body it was part of."""
    return min(a[3], b[3]) >= 0.6 * max(a[3], b[3]) and min(a[2], b[2]) >= 0.5 * max(a[2], b[2])


def _at_edge(box: Box) -> bool:
    x, y, w, h = box
    return x < _FRAME or y < _FRAME or x + w > 1.0 - _FRAME or y + h > 1.0 - _FRAME
