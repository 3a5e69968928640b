"""What open incidents must hear of the cameras that look at them. Pure.

An alarm joins one incident, the newest that it belongs to. Where several look through the camera
that was lost or covered, each must hear of it: an alarm that is meant for it alone tells it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from alarms.model import AlarmKind, AlarmSource, NewAlarm
from linkage.camera_losses import OF_OTHERS, cameras_of
from linkage.facts import MEANT_FOR

_SAME_MS: Final = 10_000
"""What an incident hears of the same fault so much earlier than another is the same news."""


@dataclass(frozen=True)
class Told:
    """A fault that stands in an open incident, as its alarm told of it."""

    incident: str
    detail: Mapping[str, object]
    """Of the alarm."""
    at_ms: int
    """When it was received."""

    @property
    def trouble(self) -> str:
        return str(self.detail.get("trouble"))

    @property
    def cameras(self) -> list[str]:
        return cameras_of(self.detail)


@dataclass(frozen=True)
class Scene:
    """An open incident of a press, and cameras that look at it."""

    incident: str
    opened_at_ms: int
    cameras: frozenset[str]


def for_others(
    told: Iterable[Told], scenes: Sequence[Scene], wrong: Collection[str]
) -> list[NewAlarm]:
    """What the scenes have not heard, because the alarm went to a newer one that looks through the
    same camera. `wrong`: the cameras that are not well at this moment.

    Whoever presses where a camera is gone already is not told of it so: its evidence says it.
    """
    newest = sorted(told, key=lambda one: one.at_ms, reverse=True)
    heard: dict[tuple[str, str, str], int] = {}
    for one in newest:
        for camera in one.cameras:
            heard.setdefault((one.incident, camera, one.trouble), one.at_ms)
    raised = []
    for one in newest:
        if MEANT_FOR in one.detail or one.trouble in OF_OTHERS:
            continue
        for scene in scenes:
            if scene.opened_at_ms > one.at_ms:
                continue
            since_ms = one.at_ms - _SAME_MS
            own = [
                camera
                for camera in one.cameras
                if camera in scene.cameras
                and camera in wrong
                and heard.get((scene.incident, camera, one.trouble), 0) < since_ms
            ]
            if own:
                raised.append(_meant_for(scene, one, own))
                heard |= {(scene.incident, camera, one.trouble): one.at_ms for camera in own}
    return raised


def _meant_for(scene: Scene, told: Told, own: Sequence[str]) -> NewAlarm:
    detail = {k: v for k, v in told.detail.items() if k in ("trouble", "reason")}
    detail |= {"camera": own[0], MEANT_FOR: scene.incident}
    if len(own) > 1:
        detail["cameras"] = list(own)
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=own[0],
        # made of what it repeats: raised again before it is linked, it is the same alarm
        boot=told.at_ms,
        seq=crc32(scene.incident.encode()),
        mac="",
        kind=AlarmKind.CAMERA_FAULT,
        at_ms=told.at_ms,
        detail=detail,
    )
