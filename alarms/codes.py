"""What the field's other systems call our alarms: Contact ID and SIA, GB/T 28181, CAP 1.2.

Data and look-ups only; pure. Building messages, sending them and choosing whom to send to do not
belong here. None of these words speaks of plates, persons or their looks, and none may be added.

Tests and drills are not sent upstream (`goes_upstream`): their codes stand here for systems inside
the house that are tested by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alarms.model import SYSTEM_KINDS, AlarmKind

_REAL_IN_A_DRILL = frozenset({AlarmKind.DURESS, AlarmKind.FIRE})
"""Whatever drill is on, these are no part of it (design.md §9)."""


@dataclass(frozen=True)
class ContactId:
    """A code of SIA DC-05 (Ademco Contact ID) and the letters of SIA DC-03 for the same event.

    Sources: DSC and Ademco installation manuals for the event codes; the letters as open
    receivers pair them with the codes.
    """

    event: int
    """Three digits; sent with qualifier 1 (new event) or 3 (restore)."""
    sia: str


NEW_EVENT, RESTORE = 1, 3
"""Contact ID qualifiers; E and R in print."""

_CONTACT_ID: Mapping[AlarmKind, ContactId] = {
    AlarmKind.PANIC: ContactId(120, "PA"),
    AlarmKind.FIRE: ContactId(110, "FA"),
    AlarmKind.MEDICAL: ContactId(100, "MA"),
    # 101 is the personal emergency of a pendant: the nearest to help that is none of the others
    AlarmKind.MISSING: ContactId(101, "QA"),
    AlarmKind.OTHER: ContactId(101, "QA"),
    AlarmKind.DURESS: ContactId(121, "HA"),
    AlarmKind.CANCEL: ContactId(406, "OC"),
    AlarmKind.TEST: ContactId(601, "RX"),
    # 24-hour non-burglary: somebody stays where they should not; nothing was broken into
    AlarmKind.LOITERING: ContactId(150, "UA"),
    # system inactivity: nobody is there to act
    AlarmKind.UNATTENDED: ContactId(654, "CD"),
    AlarmKind.ROTA_GAP: ContactId(654, "CD"),
    # sensor tamper
    AlarmKind.CAMERA_FAULT: ContactId(383, "TA"),
}
_SILENT_PANIC = ContactId(122, "HA")


def contact_id(kind: AlarmKind, *, silent: bool) -> ContactId:
    """The code for a kind. Only a panic has a code of its own for silent; the others keep theirs,
    and whoever sends must know by other means that nothing may sound."""
    return _SILENT_PANIC if silent and kind is AlarmKind.PANIC else _CONTACT_ID[kind]


class Gb28181Method(StrEnum):
    """AlarmMethod of GB/T 28181-2016, A.2.5."""

    PHONE = "1"
    DEVICE = "2"
    SMS = "3"
    GPS = "4"
    VIDEO = "5"
    DEVICE_FAULT = "6"
    OTHER = "7"
    """Not for us: a widespread platform takes it in without raising an alarm."""


@dataclass(frozen=True)
class Gb28181:
    """What an Alarm notify of GB/T 28181-2016 (9.4, A.2.5) says. Its text is ours to word."""

    method: Gb28181Method
    alarm_type: int | None
    """AlarmType within the method; None leaves the whole Info element out."""
    priority: int
    """AlarmPriority 1..4, 1 the highest (一级警情)."""
    source_type: int
    """Digits 11 to 13 of the source's 20-digit code: 134 alarm input, 132 network camera."""


ALARM_INPUT, NETWORK_CAMERA = 134, 132
LOITERING_TYPE = 8
"""AlarmType 徘徊 of method 5."""


def _press(priority: int) -> Gb28181:
    return Gb28181(Gb28181Method.DEVICE, None, priority, ALARM_INPUT)


_GB28181: Mapping[AlarmKind, Gb28181 | None] = {
    AlarmKind.PANIC: _press(1),
    AlarmKind.FIRE: _press(1),
    AlarmKind.MEDICAL: _press(1),
    AlarmKind.MISSING: _press(2),
    AlarmKind.OTHER: _press(2),
    AlarmKind.DURESS: _press(1),
    # the standard has no word for it; as a method-2 alarm it would ring as a second panic
    AlarmKind.CANCEL: None,
    AlarmKind.TEST: None,
    AlarmKind.LOITERING: Gb28181(Gb28181Method.VIDEO, LOITERING_TYPE, 2, NETWORK_CAMERA),
    AlarmKind.UNATTENDED: None,
    AlarmKind.ROTA_GAP: None,
    AlarmKind.CAMERA_FAULT: None,
}


def gb28181(kind: AlarmKind) -> Gb28181 | None:
    """What to notify upstream; None where the standard has nothing honest to say."""
    return _GB28181[kind]


class CapCategory(StrEnum):
    """`category` of CAP 1.2, as far as we use it."""

    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"


class CapUrgency(StrEnum):
    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    UNKNOWN = "Unknown"


class CapSeverity(StrEnum):
    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    UNKNOWN = "Unknown"


class CapCertainty(StrEnum):
    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNKNOWN = "Unknown"


class CapStatus(StrEnum):
    """`status` of CAP 1.2: whether the receiver must act."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class CapMessage(StrEnum):
    """`msgType` of CAP 1.2. A cancel claim is no `Cancel`: only the duty room may say that."""

    ALERT = "Alert"
    UPDATE = "Update"


@dataclass(frozen=True)
class Cap:
    """The graded words of one CAP 1.2 alert (OASIS, cap12.xsd)."""

    message: CapMessage
    category: CapCategory
    urgency: CapUrgency
    severity: CapSeverity
    certainty: CapCertainty
    status: CapStatus


_NOW, _SOON, _OPEN = CapUrgency.IMMEDIATE, CapUrgency.EXPECTED, CapUrgency.UNKNOWN
_CAP: Mapping[AlarmKind, tuple[CapCategory, CapUrgency, CapSeverity, CapCertainty]] = {
    AlarmKind.PANIC: (CapCategory.SECURITY, _NOW, CapSeverity.SEVERE, CapCertainty.LIKELY),
    AlarmKind.FIRE: (CapCategory.FIRE, _NOW, CapSeverity.EXTREME, CapCertainty.LIKELY),
    AlarmKind.MEDICAL: (CapCategory.HEALTH, _NOW, CapSeverity.SEVERE, CapCertainty.LIKELY),
    AlarmKind.MISSING: (CapCategory.RESCUE, _NOW, CapSeverity.SEVERE, CapCertainty.LIKELY),
    AlarmKind.OTHER: (CapCategory.SAFETY, _NOW, CapSeverity.UNKNOWN, CapCertainty.LIKELY),
    AlarmKind.DURESS: (CapCategory.SECURITY, _NOW, CapSeverity.EXTREME, CapCertainty.LIKELY),
    AlarmKind.CANCEL: (
        CapCategory.SECURITY, _OPEN, CapSeverity.UNKNOWN, CapCertainty.POSSIBLE,
    ),
    AlarmKind.TEST: (CapCategory.SAFETY, _OPEN, CapSeverity.UNKNOWN, CapCertainty.UNKNOWN),
    AlarmKind.LOITERING: (
        CapCategory.SECURITY, _SOON, CapSeverity.MODERATE, CapCertainty.POSSIBLE,
    ),
    AlarmKind.UNATTENDED: (
        CapCategory.SAFETY, _NOW, CapSeverity.MODERATE, CapCertainty.OBSERVED,
    ),
    AlarmKind.ROTA_GAP: (CapCategory.SAFETY, _SOON, CapSeverity.MODERATE, CapCertainty.LIKELY),
    AlarmKind.CAMERA_FAULT: (
        CapCategory.SAFETY, _OPEN, CapSeverity.UNKNOWN, CapCertainty.OBSERVED,
    ),
}  # fmt: skip


def cap(kind: AlarmKind, *, drill: bool, seen_on_camera: bool = False) -> Cap:
    """The alert's words. A press alone is Likely; once a person has found it on a camera
    (`seen_on_camera`) it is Observed. A claim and a test never become more certain by a picture.
    """
    category, urgency, severity, certainty = _CAP[kind]
    if seen_on_camera and kind not in (AlarmKind.CANCEL, AlarmKind.TEST):
        certainty = CapCertainty.OBSERVED
    status = CapStatus.ACTUAL
    if kind is AlarmKind.TEST:
        status = CapStatus.TEST
    elif drill and kind not in _REAL_IN_A_DRILL:
        status = CapStatus.EXERCISE
    message = CapMessage.UPDATE if kind is AlarmKind.CANCEL else CapMessage.ALERT
    return Cap(message, category, urgency, severity, certainty, status)


def goes_upstream(kind: AlarmKind, *, drill: bool) -> bool:
    """Whether another centre may be told at all: never of tests and drills, but always of what is
    real in a drill; and never of what concerns only our own duty room."""
    if kind is AlarmKind.TEST or kind in SYSTEM_KINDS:
        return False
    return not drill or kind in _REAL_IN_A_DRILL
