"""Which blob is which track: association, people who meet, tracks that begin and end.

Pure of zones and of loitering. A track keeps its place through a meeting by its patch; what
splits off another track is remembered as such.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camerad.detection.blobs import Blob
from camerad.detection.restless import RestlessPlaces
from camerad.detection.settings import DetectionSettings
from camerad.detection.tracks import Track

Luma = NDArray[np.uint8]
_Box = tuple[float, float, float, float]

_STOPPED = 0.8
"""Weight of the guess that a track has stopped against the guess that it went on."""
_NEWCOMER_HITS = 3
_KNOWN_HITS = 6
_UNLIKE = 8.0
_TWIN_S = 0.8
"""Two tracks on the same spot for this long are one thing."""
_YOUNG_S = 2.0
"""What falls apart this soon after it came is one body that comes into view in pieces."""
MOST_TRACKS = 48
"""More are not followed: in dense snow a picture would take longer than there is. With the most
blobs a picture has, these are the pairs that are compared at most."""
_WALK_HEIGHTS_PER_S = 1.0
"""Nobody walks much faster, in body heights."""
_LOW = 0.65
"""Less of the height of what it split off is a thing put down, not the other of two people."""


class Tracker:
    """Follows the blobs of one camera. `step` once per analysed picture."""

    def __init__(self, settings: DetectionSettings) -> None:
        self._settings = settings
        self._next = 1
        self.begun = 0
        """Tracks begun so far."""
        self._last_s: float | None = None
        self._twin_since: dict[tuple[int, int], float] = {}
        self._restless = RestlessPlaces()
        self.tracks: list[Track] = []

    def confirmed(self) -> list[Track]:
        """Tracks seen often enough to count."""
        return [t for t in self.tracks if t.hits >= self._settings.confirm_hits]

    def step(
        self, frame: Luma, blobs: Sequence[Blob], t_s: float, *, falling: bool = False
    ) -> None:
        """Take over the blobs of the picture at `t_s`. `falling`: rain or snow, so that things
        come into view from nowhere all over the picture.
        """
        elapsed = 0.0 if self._last_s is None else t_s - self._last_s
        self._last_s = t_s
        for track in self.tracks:
            track.predict(elapsed, max(0.0, t_s - elapsed - track.seen_s))
            track.visible = False
        owner = self._assign(blobs)
        self._find_again(blobs, owner)
        pieces = self._pieces(blobs, owner)
        groups = self._groups(blobs, owner)
        for index, track in owner.items():
            parts = [blobs[index], *(blobs[i] for i in pieces.get(track.number, ()))]
            blob = _joined(parts)
            others = self._without_halves(track, groups.get(index, []), t_s)
            if others and track.followable and _crowded(blob, track):
                for member in (track, *others):
                    member.hold(frame, t_s, blob, self._settings)
            else:
                for other in others:
                    if other.travelled and not track.travelled:
                        # somebody before a curtain, or behind a branch
                        foot = track.last_box[1] + track.last_box[3]
                        other.hold(frame, t_s, blob, self._settings, thing_foot=foot)
                restless = not track.travelled and (
                    falling or self._restless.around(track.box, frame.shape, t_s)
                )
                one = len(parts) == 1
                track.see(blob, frame, t_s, self._settings, whole=one, restless=restless)
                if track.broken:
                    self._begin(blob, frame.shape, t_s, falling=falling)
                    self.tracks.remove(track)
        taken = {i for indices in pieces.values() for i in indices} | set(owner)
        for index, blob in enumerate(blobs):
            if index not in taken:
                self._begin(blob, frame.shape, t_s, falling=falling)
        self._drop_surplus()
        self._drop_twins(t_s)
        self.tracks = [t for t in self.tracks if t_s - t.seen_s <= self._patience(t)]

    def wait(self, elapsed_s: float, t_s: float) -> None:
        """The picture told nothing of bodies: all are where they were."""
        self._last_s = t_s
        for track in self.tracks:
            track.wait(elapsed_s)

    def is_fragment(self, track: Track) -> bool:
        """Whether it is the head or the feet of a much higher body over or under it."""
        for other in self.tracks:
            if other is track or not other.visible or track.h > 0.6 * other.h:
                continue
            gap = max(track.y, other.y) - min(track.y + track.h, other.y + other.h)
            if _stacked(track.box, other.box) and gap < 0.3 * track.h:
                return True
        return False

    def remove(self, track: Track) -> None:
        """End a track now."""
        self.tracks.remove(track)

    def inside(self, window: tuple[slice, slice]) -> list[Track]:
        """Tracks that lie mostly in the window (rows, columns)."""
        rows, columns = window
        box = (
            float(columns.start),
            float(rows.start),
            float(columns.stop - columns.start),
            float(rows.stop - rows.start),
        )
        return [t for t in self.tracks if _overlap(t.box, box) >= 0.6 * t.w * t.h]

    def _patience(self, track: Track) -> float:
        if track.hits < self._settings.confirm_hits:
            return 0.45
        return self._settings.lost_s if track.travelled else self._settings.lost_s / 2

    def _assign(self, blobs: Sequence[Blob]) -> dict[int, Track]:
        """Blob index -> the one track that claims it best."""
        claims = []
        for track in self.tracks:
            for index, blob in enumerate(blobs):
                if _far(track, blob):
                    continue
                worth = max(
                    _worth(track, track.box, blob), _STOPPED * _worth(track, track.last_box, blob)
                )
                if worth > 0.0:
                    bonus = 0.15 if track.hits >= self._settings.confirm_hits else 0.0
                    bonus += 0.15 if track.travelled else 0.0
                    claims.append((worth + bonus, -track.number, index, track))
        claims.sort(key=lambda claim: claim[:3], reverse=True)
        owner: dict[int, Track] = {}
        served: set[int] = set()
        for _, _, index, track in claims:
            if index not in owner and track.number not in served:
                owner[index] = track
                served.add(track.number)
        return owner

    def _find_again(self, blobs: Sequence[Blob], owner: dict[int, Track]) -> None:
        """Whoever went on walking while nothing could be seen is where somebody as big is now."""
        served = {track.number for track in owner.values()}
        for track in self.tracks:
            if not track.waited_s or not track.travelled or track.number in served:
                continue
            reach = (0.5 + _WALK_HEIGHTS_PER_S * track.waited_s) * track.h
            new = [
                (float(np.hypot(*_apart(track.box, blob))), index)
                for index, blob in enumerate(blobs)
                if index not in owner and _as_big(track, blob)
            ]
            apart, index = min(new, default=(reach, -1))
            if apart < reach:
                blob = blobs[index]
                track.x, track.y = blob.x, blob.y
                track.vx = track.vy = 0.0
                owner[index] = track

    def _pieces(self, blobs: Sequence[Blob], owner: dict[int, Track]) -> dict[int, list[int]]:
        """Track number -> further blobs that are pieces of the same body."""
        pieces: dict[int, list[int]] = {}
        chosen = {track.number: index for index, track in owner.items()}
        for index, blob in enumerate(blobs):
            if index in owner:
                continue
            for track in self.tracks:
                if track.number not in chosen:
                    continue
                if _overlap(track.box, _box(blob)) < 0.5 * blob.w * blob.h:
                    continue
                main = blobs[chosen[track.number]]
                whole = _joined([main, blob])
                if not _of_one_body(main, blob, track):
                    continue
                if whole.w <= 1.35 * track.w and whole.h <= 1.25 * track.h:
                    pieces.setdefault(track.number, []).append(index)
                    break
        return pieces

    def _groups(self, blobs: Sequence[Blob], owner: dict[int, Track]) -> dict[int, list[Track]]:
        """Blob index -> tracks without a blob of their own that stand inside it."""
        groups: dict[int, list[Track]] = {}
        served = {track.number for track in owner.values()}
        for track in self.tracks:
            if track.number in served or track.hits < self._settings.confirm_hits:
                continue
            shares = [_overlap(track.box, _box(blobs[index])) for index in owner]
            if shares and max(shares) >= 0.45 * track.w * track.h:
                index = list(owner)[int(np.argmax(shares))]
                # a scrap inside a body is no second body
                if track.h >= (0.4 if track.travelled else 0.7) * blobs[index].h:
                    groups.setdefault(index, []).append(track)
        return groups

    def _without_halves(self, track: Track, others: list[Track], t_s: float) -> list[Track]:
        """`others` but for those that turn out to be the other half of a body that has just come
        into view; these end, and the track goes on as the whole.
        """
        apart = []
        for other in others:
            young = t_s - max(track.born_s, other.born_s) <= 2.0 * _YOUNG_S
            if young and _stacked(track.box, other.box):
                track.take_over(other)
                self.tracks.remove(other)
            else:
                apart.append(other)
        return apart

    def _begin(self, blob: Blob, shape: tuple[int, ...], t_s: float, *, falling: bool) -> None:
        track = Track(self._next, blob, t_s)
        restless = falling or self._restless.around(track.box, shape, t_s)
        self._next += 1
        self.begun += 1
        for parent in self.tracks:
            if not _touching(parent, blob):
                continue
            if t_s - parent.born_s <= _YOUNG_S:
                if not restless:
                    track.descend_from(parent)
                continue
            if parent.hits < self._settings.confirm_hits:
                continue
            track.alone = False
            if blob.h < _LOW * parent.h:
                track.parent_h = max(track.parent_h, parent.h)
            elif parent.travelled and blob.h > blob.w:
                # one of two who came as one; a bag put down is much lower than who carried it
                track.travelled = True
                track.came_with += (parent.number,)
        followed = (t for t in self.tracks if t.entered and t.hits >= _KNOWN_HITS)
        if not any(_touching(t, blob) for t in followed):
            weight = 0.25 if track.entered else 1.0
            self._restless.note((blob.x + 0.5 * blob.w, blob.y + 0.5 * blob.h), shape, t_s, weight)
        self.tracks.append(track)

    def _drop_surplus(self) -> None:
        """Where there are too many, those go that are least like a person who walks about."""
        if len(self.tracks) > MOST_TRACKS:
            worth = sorted(self.tracks, key=lambda t: (t.travelled, t.visible, t.hits, t.h))
            gone = {t.number for t in worth[: len(self.tracks) - MOST_TRACKS]}
            self.tracks = [t for t in self.tracks if t.number not in gone]

    def _drop_twins(self, t_s: float) -> None:
        near: dict[tuple[int, int], float] = {}
        gone: set[int] = set()
        for i, elder in enumerate(self.tracks):
            for younger in self.tracks[i + 1 :]:
                shared = _overlap(elder.box, younger.box)
                if shared < 0.6 * min(elder.w * elder.h, younger.w * younger.h):
                    continue
                pair = (elder.number, younger.number)
                near[pair] = self._twin_since.get(pair, t_s)
                if t_s - near[pair] >= _TWIN_S and not (elder.visible and younger.visible):
                    hidden = younger if elder.visible else elder
                    if not hidden.travelled or hidden.h < 0.6 * max(elder.h, younger.h):
                        gone.add(hidden.number)
        self._twin_since = near
        self.tracks = [t for t in self.tracks if t.number not in gone]


def _box(blob: Blob) -> _Box:
    return (blob.x, blob.y, blob.w, blob.h)


def _overlap(a: _Box, b: _Box) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, w) * max(0.0, h)


def _stacked(a: _Box, b: _Box) -> bool:
    """Whether one box is over the other, as halves of a body and never two people are."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return across >= 0.6 * min(a[2], b[2]) and down <= 0.4 * min(a[3], b[3])


def _of_one_body(main: Blob, other: Blob, track: Track) -> bool:
    """Whether two blobs may be pieces of one upright body: one above the other, or a scrap."""
    shared = min(main.x + main.w, other.x + other.w) - max(main.x, other.x)
    if shared >= 0.5 * min(main.w, other.w):
        return True
    return min(main.h, other.h) < 0.4 * track.h


def _far(track: Track, blob: Blob) -> bool:
    """Whether the blob is out of reach, judged at little cost."""
    reach = max(track.h, blob.h) + 0.5 * (track.w + blob.w)
    middle = blob.x + 0.5 * blob.w - 0.5 * track.w
    moved = abs(track.x - track.last_box[0]) + abs(track.y - track.last_box[1])
    return abs(track.x - middle) > reach + moved or abs(track.y - blob.y) > 2.0 * reach + moved


def _apart(box: _Box, blob: Blob) -> tuple[float, float]:
    """Between the middles, across and down."""
    x, y, w, h = box
    return (x + w / 2 - blob.x - blob.w / 2, y + h / 2 - blob.y - blob.h / 2)


def _as_big(track: Track, blob: Blob) -> bool:
    high = min(track.h, blob.h) >= 0.7 * max(track.h, blob.h)
    return high and min(track.w, blob.w) >= 0.5 * max(track.w, blob.w)


def _worth(track: Track, box: _Box, blob: Blob) -> float:
    """How well the blob continues the track when that is at `box`; 0 is not at all."""
    shared = _overlap(box, _box(blob))
    size, other = track.w * track.h, blob.w * blob.h
    if track.hits >= _KNOWN_HITS and not size / _UNLIKE < other < size * _UNLIKE:
        return 0.0  # a scrap of a body is no body, and a body no scrap
    apart = float(np.hypot(*_apart(box, blob)))
    # nobody knows yet how fast a newcomer is
    reach = (1.0 if track.hits < _NEWCOMER_HITS else 0.5) * max(track.h, blob.h)
    if shared <= 0.0 and apart > reach:
        return 0.0
    alike = min(track.h, blob.h) / max(track.h, blob.h)
    covered = shared / min(size, other)
    joint = shared / (size + other - shared)
    near = max(0.0, 1.0 - apart / max(reach, 1.0))
    if shared <= 0.0 and alike < 0.6:
        return 0.0
    return joint + 0.25 * covered + 0.4 * near + 0.2 * alike


def _joined(blobs: Sequence[Blob]) -> Blob:
    if len(blobs) == 1:
        return blobs[0]
    x, y = min(b.x for b in blobs), min(b.y for b in blobs)
    return Blob(
        x,
        y,
        max(b.x + b.w for b in blobs) - x,
        max(b.y + b.h for b in blobs) - y,
        sum(b.area for b in blobs),
        cut_bottom=any(b.cut_bottom for b in blobs),
        cut_side=any(b.cut_side for b in blobs),
    )


def _crowded(blob: Blob, track: Track) -> bool:
    return blob.w * blob.h > 1.25 * track.w * track.h


def _touching(track: Track, blob: Blob) -> bool:
    margin = 0.25 * track.h
    grown = (
        track.x - margin,
        track.y - margin,
        track.w + 2 * margin,
        track.h + 2 * margin,
    )
    return _overlap(grown, _box(blob)) > 0.0
