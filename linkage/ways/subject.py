"""What a message to a station or another platform says: facts of the incident, as a CloudEvent.

Pure. The MPAlarm fields are those of GB/T 28181 Annex G, as JSON; who they are about and what
they drive are never among them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from alarms.model import AlarmKind, AlarmSource
from lianfang_timing import from_unix_ms
from linkage.model.incident import Outcome, Stage
from linkage.ways.settings import Use

DRILL_MARK = "【演练】"
DRILL_PRIORITY = 4

_METHOD = {AlarmSource.REPORT: "1", AlarmSource.BUTTON: "2", AlarmSource.CAMERA: "5"}
"""AlarmMethod: 1 by telephone, 2 a device, 5 video, 7 other."""

_CLASS = {
    AlarmKind.PANIC: "紧急求助",
    AlarmKind.FIRE: "火警",
    AlarmKind.MEDICAL: "医疗求助",
    AlarmKind.MISSING: "人员走失",
    AlarmKind.OTHER: "其他求助",
    AlarmKind.DURESS: "胁迫报警",
    AlarmKind.CANCEL: "取消报警",
    AlarmKind.LOITERING: "徘徊",
    AlarmKind.TEST: "测试",
}


@dataclass(frozen=True)
class Sender:
    """Who says it: this site."""

    node: str
    name: str
    time_zone: ZoneInfo


@dataclass(frozen=True)
class Subject:
    """The incident as it is when the message is sent. Names are None where unknown."""

    incident_id: str
    number: str
    stage: Stage
    priority: int
    kind: AlarmKind
    silent: bool
    drill: bool
    cancel_claimed: bool
    outcome: Outcome | None
    opened_at_ms: int
    village: str | None = None
    grid: str | None = None
    group: str | None = None
    household: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    camera: str | None = None
    officer: str | None = None
    """Who has signed for it."""
    alarm_id: str | None = None
    """The alarm that made us say it; None where none did."""
    device: str | None = None
    source: AlarmSource | None = None
    alarm_kind: AlarmKind | None = None
    alarm_at_ms: int | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_address: str | None = None


def cloud_event(
    subject: Subject,
    sender: Sender,
    *,
    message_id: str,
    event: str,
    use: Use | None,
    into: str | None = None,
) -> dict[str, object]:
    """The CloudEvent (1.0, structured JSON). Only a station is told how to reach the household.

    `into`: the number of the incident that this one became a part of.
    """
    zone = sender.time_zone
    data: dict[str, object] = {
        "incident": {
            "id": subject.incident_id,
            "number": subject.number,
            "stage": subject.stage.value,
            "priority": _priority(subject),
            "kind": subject.kind.value,
            "silent": subject.silent,
            "drill": subject.drill,
            "cancel_claimed": subject.cancel_claimed,
            "outcome": None if subject.outcome is None else subject.outcome.value,
            "merged_into": into,
            "opened_at": _rfc3339(subject.opened_at_ms, zone),
            "place": {
                "village": subject.village,
                "grid": subject.grid,
                "group": subject.group,
                "household": subject.household,
            },
        },
        "drill": subject.drill,
        "MPAlarm": mp_alarm(subject, sender, contact=use is Use.STATION),
    }
    return {
        "specversion": "1.0",
        "id": message_id,
        "source": f"/lianfang/{sender.node}",
        "type": f"lianfang.incident.{event}",
        "subject": subject.number,
        "time": _rfc3339(subject.alarm_at_ms or subject.opened_at_ms, zone),
        "datacontenttype": "application/json",
        "data": data,
    }


def mp_alarm(subject: Subject, sender: Sender, *, contact: bool) -> dict[str, object]:
    """The record for a station's call handling (GB/T 28181 Annex G, MPAlarmRecordType)."""
    kind = subject.alarm_kind or subject.kind
    at_ms = subject.alarm_at_ms or subject.opened_at_ms
    place = (subject.village, subject.grid, subject.group, subject.household)
    where = " ".join(name for name in place if name)
    mark = DRILL_MARK if subject.drill else ""
    priority = _priority(subject)
    told = [f"{mark}{_CLASS.get(kind, kind.value)}", where]
    if subject.silent:
        told.append("静默报警，请勿回拨住户")
    if subject.cancel_claimed:
        told.append("住户声明取消，未核实")
    fields: dict[str, object] = {
        "AlarmNO": subject.number,
        # as in the standard's examples: the site's own time, without an offset
        "AlarmTime": _local(at_ms, sender.time_zone),
        "DeviceID": subject.device or subject.camera or "",
        "AlarmClass": _CLASS.get(kind, kind.value),
        "AlarmPriority": priority,
        "AlarmMethod": "7" if subject.source is None else _METHOD.get(subject.source, "7"),
        "AlarmAddress": where,
        "OriginalNO": subject.alarm_id or subject.incident_id,
        "OriginalInfo": "" if subject.source is None else subject.source.value,
        "Sender": sender.name,
        "Processor": subject.officer or "",
        "AlarmLevel": priority,
        "Disposal": subject.stage.label[0],
        "Alarminfo": "，".join(part for part in told if part),
    }
    if subject.latitude is not None and subject.longitude is not None:
        fields |= {"Longitude": subject.longitude, "Latitude": subject.latitude}
    if contact:
        known = {
            "Address": subject.contact_address,
            "Name": subject.contact_name,
            "Contact": subject.contact_phone,
        }
        fields |= {key: value for key, value in known.items() if value is not None}
    return fields


def _priority(subject: Subject) -> int:
    return DRILL_PRIORITY if subject.drill else subject.priority


# what comes together was received together: hundreds of messages name the same moment
@lru_cache(maxsize=16)
def _rfc3339(ms: int, zone: ZoneInfo) -> str:
    return from_unix_ms(ms).astimezone(zone).isoformat(timespec="milliseconds")


@lru_cache(maxsize=16)
def _local(ms: int, zone: ZoneInfo) -> str:
    moment: datetime = from_unix_ms(ms).astimezone(zone)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
