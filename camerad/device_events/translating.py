"""From what a camera says to the field's kinds. Pure.

Whatever is not in the table is not understood, and counted by whoever asks: faces, plates and
the like have no place in it.
"""

from collections.abc import Mapping
from typing import Final

from camerad.device_events.model import Notification, Operation, Sighting, SightingKind
from camerad.model import Trouble

_TRUE: Final = frozenset({"true", "1", "active", "on", "high", "closed", "yes"})
_FALSE: Final = frozenset({"false", "0", "inactive", "off", "low", "open", "no"})
_TOKENS: Final = (
    "InputToken",
    "RelayToken",
    "VideoSourceConfigurationToken",
    "VideoSource",
    "VideoSourceToken",
    "Source",
    "Token",
    "port",
)
"""Under which names the makes say whose event it is; the first that is there counts."""

_KINDS: Final[Mapping[str, SightingKind]] = {
    "Device/Trigger/DigitalInput": SightingKind.INPUT,
    "Device/IO/Port": SightingKind.INPUT,
    "Device/Trigger/Relay": SightingKind.RELAY,
    "VideoSource/MotionAlarm": SightingKind.MOTION,
    "RuleEngine/CellMotionDetector/Motion": SightingKind.MOTION,
    "RuleEngine/MotionRegionDetector/Motion": SightingKind.MOTION,
    "RuleEngine/LoiteringDetector/ObjectIsLoitering": SightingKind.LOITERING,
    "RuleEngine/LineDetector/Crossed": SightingKind.LINE_CROSSED,
    "RuleEngine/LineCrossDetector/LineCross": SightingKind.LINE_CROSSED,
    "RuleEngine/TamperDetector/Tamper": SightingKind.TAMPER,
    "Device/HardwareFailure/StorageFailure": SightingKind.STORAGE,
}
_PICTURES: Final[Mapping[str, Trouble]] = {
    "VideoSource/GlobalSceneChange": Trouble.TURNED,
    "VideoSource/ImageTooDark": Trouble.BLACK,
    "VideoSource/ImageTooBright": Trouble.WASHED_OUT,
    "VideoSource/ImageTooBlurry": Trouble.DEFOCUSED,
    "VideoSource/SignalLoss": Trouble.SIGNAL_LOST,
}
"""Told by several services of the camera, each with a last part of its own."""
_NO_STATE: Final = frozenset({"objectid", "since", "count", "classtypes", "vehicletype"})
"""Items that count or name something: a 1 there is no yes."""
_EVENTS: Final = frozenset({SightingKind.LOITERING, SightingKind.LINE_CROSSED})
"""Where that it is said at all is what happened."""


def translated(said: Notification) -> Sighting | None:
    """What it says; None where nobody here understands it, or where it only ends a property."""
    if said.operation is Operation.DELETED:
        return None
    kind, trouble = _kind(said.topic)
    if kind is None:
        return None
    active = _active(said.data)
    if active is None:
        # a camera that words an input otherwise is found at once; silence would be found too late
        if kind not in _EVENTS:
            return None
        active = True
    return Sighting(
        kind=kind,
        token=_token(said.source),
        active=active,
        initial=said.operation is Operation.INITIALIZED,
        at=said.at,
        rule=said.source.get("Rule", ""),
        trouble=trouble,
    )


def _kind(topic: str) -> tuple[SightingKind | None, Trouble | None]:
    kind = _KINDS.get(topic)
    if kind is SightingKind.TAMPER:
        return kind, Trouble.COVERED
    if kind is not None:
        return kind, None
    head = topic.rpartition("/")[0]
    trouble = _PICTURES.get(topic) or _PICTURES.get(head)
    return (None, None) if trouble is None else (SightingKind.TAMPER, trouble)


def _active(data: Mapping[str, str]) -> bool | None:
    """What the first item says that can be taken for yes or no."""
    for name, value in data.items():
        if name.lower() in _NO_STATE:
            continue
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    return None


def _token(source: Mapping[str, str]) -> str:
    return next((source[name] for name in _TOKENS if source.get(name)), "")
