"""Which faults of cameras are to be raised, and which are over. Pure; times are arguments.

Reading how the cameras are and what is open, and raising and closing, is `camera_faults`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from camerad.model import CameraHealth, CameraState, Trouble
from lianfang_timing import unix_ms

IsMended = Callable[[str, str], bool]
"""Of a camera's id and a trouble: is it known to be over?"""

_LOST = Trouble.SIGNAL_LOST.value
MANY = "cameras"
"""The device of an alarm that is about many cameras at once."""

_GONE = timedelta(seconds=3.0)
"""A connection that comes back sooner is a blip; found within 10 s of a cable pulled."""
_NEVER_SEEN = timedelta(seconds=60.0)
"""Down since we began: after a power cut a server is often up before the cameras."""
_GONE_AGAIN, _LATELY = timedelta(seconds=90.0), timedelta(hours=1)
"""A stream that comes and goes is told of once an hour, and again where it stays away so long."""
_BACK = timedelta(seconds=5.0)
_SURE = timedelta(seconds=90.0)
"""So long after our start a picture that shows nothing would have been told again."""
_AT_ONCE = 4
"""From so many on, lost streams are one alarm: a mast or a switch, not cameras."""
_GATHER = timedelta(seconds=3.0)
"""What falls together is not noticed in the same moment: so long the first wait for the last."""
OF_OTHERS = frozenset({Trouble.STORAGE_FAILED.value, Trouble.BUTTON_DEAD.value})
"""Nothing that a picture shows: who looks after it says when it is over."""
_NOTHING: Mapping[str, object] = {}
_SEEN_AT_ONCE = frozenset(
    {Trouble.COVERED, Trouble.BLACK, Trouble.WASHED_OUT, Trouble.SIGNAL_LOST, Trouble.FROZEN}
)
"""Told of a camera even where nothing is known of how it looked before."""


@dataclass(frozen=True)
class Standing:
    """Faults that open incidents hold, as (camera, trouble)."""

    own: frozenset[tuple[str, str]] = frozenset()
    """In incidents about nothing else."""
    elsewhere: frozenset[tuple[str, str]] = frozenset()
    """Taken in by what people deal with: a press that the camera looks at."""

    def holds_lost(self, camera: str) -> bool:
        """Whether somewhere it stands that this camera's stream is gone."""
        fault = (camera, _LOST)
        return fault in self.own or fault in self.elsewhere


NOTHING_STANDS = Standing()


@dataclass
class Lost:
    """Which streams are gone."""

    _seen: set[str] = field(default_factory=set)
    """Those watched since we began."""
    _told: dict[str, datetime] = field(default_factory=dict)
    """Those told of and not back since."""
    _lately: dict[str, datetime] = field(default_factory=dict)
    """When each was told of last."""

    def look(
        self,
        healths: Mapping[str, CameraHealth],
        now: datetime,
        maintained: Collection[str] = frozenset(),
        standing: Standing = NOTHING_STANDS,
        needed: Collection[str] = frozenset(),
    ) -> list[CameraHealth]:
        """The cameras whose streams are newly gone for good enough, but for those worked on.

        `needed`: those that look at what people deal with; it hears of each at once, however often
        it came and went before."""
        watched = {i for i, h in healths.items() if h.state is CameraState.WATCHING}
        gone = healths.keys() - watched
        self._told = {camera: at for camera, at in self._told.items() if camera in gone}
        self._lately = {c: at for c, at in self._lately.items() if now - at < _LATELY}
        # it may have been watched for less than the time between two looks
        shown = {i for i, h in healths.items() if h.newest_frame_age_s is not None}
        self._seen = (self._seen | watched | shown) & healths.keys()
        # told before a restart: it is the same fault still
        unseen = {camera for camera in gone - self._seen if standing.holds_lost(camera)}
        self._told = dict.fromkeys(unseen, now) | self._told
        held = {camera for camera, trouble in standing.elsewhere if trouble == _LOST}
        waited_for = set(needed) - held
        down = [
            (now - health.since - self._grace(camera, is_needed=camera in waited_for), health)
            for camera, health in sorted(healths.items())
            if health.state is CameraState.DOWN
            and camera not in self._told
            and camera not in maintained
        ]
        found = _gathered([one for one in down if one[0] >= -_GATHER])
        self._told |= {health.camera_id: now for health in found}
        self._lately |= self._told
        return found

    def tell_again(self, camera: str) -> None:
        """What was told of it is settled, and it is gone still."""
        self._told.pop(camera, None)
        self._lately.pop(camera, None)

    def _grace(self, camera: str, *, is_needed: bool) -> timedelta:
        if camera not in self._seen:
            return _NEVER_SEEN
        return _GONE_AGAIN if camera in self._lately and not is_needed else _GONE


def _gathered(down: Sequence[tuple[timedelta, CameraHealth]]) -> list[CameraHealth]:
    """Those of whom it is time to tell (zero or more seconds ago), unless others will follow them
    within moments: then none yet."""
    due = [health for overdue, health in down if overdue >= timedelta()]
    longest = max((overdue for overdue, _ in down), default=timedelta())
    others_follow = len(due) < len(down) and len(down) >= _AT_ONCE
    return [] if others_follow and longest < _GATHER else due


@dataclass
class TakenIn:
    """Faults that an incident of people took in: when that is closed they stand nowhere, though
    nobody mended the camera."""

    _held: frozenset[tuple[str, str]] = frozenset()

    def let_go(self, standing: Standing) -> list[tuple[str, str]]:
        """Those (camera, trouble) that no open incident holds any more."""
        before, self._held = self._held, standing.elsewhere
        return sorted(before - standing.elsewhere - standing.own)


def loss_alarms(
    lost: Sequence[CameraHealth], scenes: Sequence[Collection[str]], now: datetime
) -> list[NewAlarm]:
    """What is raised of streams that were lost at once: each by itself, or all of them as one.

    `scenes`: the cameras of each open incident that takes in what befalls them, the newest first.
    Where all are raised as one, each scene hears of its own, too: in one alarm, not in twenty.
    """
    if len(lost) < _AT_ONCE:
        return [_loss([health], now) for health in lost]
    raised, left = [_loss(lost, now, device=MANY)], list(lost)
    for scene in scenes:
        if own := [health for health in left if health.camera_id in scene]:
            raised.append(_loss(own, now))
            left = [health for health in left if health.camera_id not in scene]
    return raised


def picture_alarm(
    camera_id: str,
    trouble: Trouble,
    *,
    run: int,
    seq: int,
    at: datetime,
    shown: Mapping[str, object] = _NOTHING,
) -> NewAlarm:
    """What is wrong with a picture, for the log. `shown`: the picture, or why there is none."""
    detail: dict[str, object] = {"camera": camera_id, "trouble": trouble.value, **shown}
    return _alarm(camera_id, boot=run, seq=seq, at=at, detail=detail)


def is_over(
    details: Iterable[Mapping[str, object]],
    healths: Mapping[str, CameraHealth],
    ended: frozenset[str],
    now: datetime,
    in_service: Collection[str] = frozenset(),
    is_mended: IsMended = lambda _camera, _trouble: False,
) -> bool:
    """Whether all that an incident's alarms told of is well again.

    `ended`: cameras of which it was said that their picture is well again. `in_service`: those of
    the registry; one that was taken out of it is no longer a matter of ours, while of one that is
    in it and that nobody has looked at yet, nothing is known. `is_mended` is asked of what is no
    matter of pictures.
    """
    return all(
        is_mended(camera, str(told["trouble"]))
        if told.get("trouble") in OF_OTHERS
        else _is_well(camera, told.get("trouble"), health, ended, now)
        if (health := healths.get(camera)) is not None
        else camera not in in_service
        for told in details
        for camera in cameras_of(told)
    )


def all_retired(
    details: Iterable[Mapping[str, object]],
    healths: Mapping[str, CameraHealth],
    in_service: Collection[str],
) -> bool:
    """Whether an incident is over because all its cameras were taken out of service."""
    return not any(
        camera in healths or camera in in_service for told in details for camera in cameras_of(told)
    )


def cameras_of(told: Mapping[str, object]) -> list[str]:
    """The cameras that an alarm's detail is about."""
    many, one = told.get("cameras"), told.get("camera")
    found = many if isinstance(many, list) else [one]
    return [camera for camera in found if isinstance(camera, str)]


def _is_well(
    camera: str, trouble: object, health: CameraHealth, ended: frozenset[str], now: datetime
) -> bool:
    if health.state is not CameraState.WATCHING or health.trouble is not None:
        return False
    watched = now - health.since
    if trouble == Trouble.SIGNAL_LOST and watched >= _BACK:
        return True
    if camera in ended:
        return True
    # after a restart nobody knows how a camera looked; what shows nothing at all is told anew
    return trouble in _SEEN_AT_ONCE and watched >= _SURE


def _loss(lost: Sequence[CameraHealth], now: datetime, *, device: str | None = None) -> NewAlarm:
    first = lost[0]
    detail: dict[str, object] = {"trouble": _LOST, "reason": first.reason}
    if device is None:
        detail["camera"] = first.camera_id
    if device is not None or len(lost) > 1:
        detail["cameras"] = [health.camera_id for health in lost]
    # dated now: the same outage may be told again, and would then not be a new alarm
    return _alarm(
        device or first.camera_id,
        boot=unix_ms(now),
        seq=0,
        at=min(health.since for health in lost),
        detail=detail,
    )


def _alarm(
    device: str, *, boot: int, seq: int, at: datetime, detail: dict[str, object]
) -> NewAlarm:
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=device,
        boot=boot,
        seq=seq,
        mac="",
        kind=AlarmKind.CAMERA_FAULT,
        at_ms=unix_ms(at),
        detail=detail,
    )
