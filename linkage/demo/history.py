"""Some weeks of made-up incidents, all closed, so that lists and the appraisal show what they are
for. Each says of itself that it was made up. Nothing of it is in the log of alarms: that holds what
really came.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from alarms.model import AlarmKind
from lianfang_timing import from_unix_ms, unix_ms
from linkage import records
from linkage.demo.town import CAMERAS, DemoButton
from linkage.model.event import EventType
from linkage.model.incident import Incident, Outcome, Stage
from linkage.schema import incident_alarms, incidents
from linkage.steps import writing
from linkage.steps.events import Happened, after
from linkage.timeline import NewEvent, record

MADE_UP = "演示数据：编造的历史警情 / demo data: this incident was made up"


@dataclass(frozen=True)
class _Story:
    """One incident: so many days ago, at this hour; then seconds after the alarm."""

    days_ago: int
    at: time
    home: int
    """The household's button; of a camera's story which camera."""
    kind: AlarmKind
    outcome: Outcome
    signed_s: int
    team: str | None = None
    set_out_s: int = 0
    arrived_s: int = 0
    responded_s: int = 0
    closed_s: int = 900


_PANIC, _FIRE, _MEDICAL = AlarmKind.PANIC, AlarmKind.FIRE, AlarmKind.MEDICAL
_MISSING, _LOITERING = AlarmKind.MISSING, AlarmKind.LOITERING
_REAL, _ACCIDENTAL, _FALSE = Outcome.REAL, Outcome.ACCIDENTAL, Outcome.FALSE
_FIRST, _SECOND = "巡防一队", "巡防二队"

_STORIES = (
    _Story(2, time(21, 14), 4, _PANIC, _REAL, 9, _FIRST, 150, 420, 1500, 3000),
    _Story(3, time(3, 40), 1, _LOITERING, _FALSE, 22),
    _Story(4, time(18, 5), 16, _PANIC, _ACCIDENTAL, 12),
    _Story(5, time(9, 30), 52, _MEDICAL, _REAL, 7, _FIRST, 120, 380, 2400, 4000),
    _Story(6, time(18, 40), 16, _PANIC, _ACCIDENTAL, 15),
    _Story(8, time(23, 55), 88, _PANIC, _REAL, 28, _SECOND, 260, 790, 2700, 5000),
    _Story(9, time(2, 20), 3, _LOITERING, _FALSE, 41),
    _Story(10, time(12, 10), 30, _FIRE, _REAL, 6, _FIRST, 90, 300, 5200, 7000),
    _Story(11, time(19, 20), 16, _PANIC, _ACCIDENTAL, 11),
    _Story(13, time(15, 45), 71, _MISSING, _REAL, 19, _FIRST, 340, 900, 6800, 9000),
    _Story(14, time(1, 5), 1, _LOITERING, _REAL, 18, _FIRST, 210, 560, 1700, 3600),
    _Story(16, time(20, 30), 95, _PANIC, _FALSE, 33),
    _Story(18, time(7, 50), 40, _MEDICAL, _REAL, 14, _FIRST, 170, 640, 2000, 3200),
    _Story(21, time(22, 15), 101, _PANIC, _REAL, 47, _SECOND, 400, 1300, 3900, 6000),
    _Story(24, time(4, 25), 5, _LOITERING, _FALSE, 65),
    _Story(27, time(17, 0), 60, _PANIC, _ACCIDENTAL, 10),
    _Story(31, time(21, 35), 12, _PANIC, _REAL, 25, _FIRST, 310, 820, 3100, 5200),
    _Story(33, time(13, 15), 47, _MEDICAL, _REAL, 13, _FIRST, 200, 560, 2900, 4300),
    _Story(36, time(18, 25), 16, _PANIC, _ACCIDENTAL, 20),
    _Story(38, time(0, 45), 3, _LOITERING, _FALSE, 130),
    _Story(41, time(10, 5), 79, _FIRE, _REAL, 16, _SECOND, 280, 960, 7600, 9900),
    _Story(45, time(23, 10), 33, _PANIC, _REAL, 38, _FIRST, 420, 1150, 4100, 6500),
    _Story(50, time(19, 50), 108, _PANIC, _FALSE, 44),
    _Story(55, time(16, 30), 25, _PANIC, _REAL, 29, _FIRST, 260, 700, 3300, 5400),
)


def seed_history(
    conn: Connection, buttons: Sequence[DemoButton], *, zone: ZoneInfo, writer: str, now_ms: int
) -> None:
    """After accounts, teams and buttons."""
    today = from_unix_ms(now_ms).astimezone(zone).date()
    numbers = records.Numbers(conn)
    for story in sorted(_STORIES, key=lambda one: -one.days_ago):
        day = today - timedelta(days=story.days_ago)
        opened_ms = unix_ms(datetime.combine(day, story.at, zone))
        _tell(conn, story, buttons, numbers.next(f"{day:%Y%m%d}"), opened_ms, writer)


def _tell(
    conn: Connection,
    story: _Story,
    buttons: Sequence[DemoButton],
    number: str,
    opened_ms: int,
    writer: str,
) -> None:
    begun = _begun(story, buttons, number, opened_ms)
    happened = _happened(story, opened_ms)
    ended = begun
    for event in happened:
        ended = after(ended, event)
    kept = replace(ended, due_step=None, next_due_at_ms=None)
    conn.execute(insert(incidents).values(**writing.columns(kept)))
    device = begun.camera_id or buttons[story.home].credentials.device
    conn.execute(
        insert(incident_alarms).values(
            alarm_id=f"demo-{number}",
            incident_id=begun.id,
            position=0,
            device=device,
            kind=story.kind.value,
            silent=False,
            received_at_ms=opened_ms,
            flags="",
            household_id=begun.household_id,
        )
    )
    opened = {
        "alarm": f"demo-{number}",
        "kind": story.kind.value,
        "silent": False,
        "source": "camera" if begun.camera_id else "button",
        "device": device,
        "household": begun.household_id,
        "cameras": [],
        "decisions": [{"stage": "demo", "matched": True, "reason": MADE_UP}],
    }
    first = Happened(EventType.OPENED, opened_ms, data=opened)
    for event in (first, *happened):
        told = [NewEvent(event.type, event.data, actor=event.actor)]
        record(conn, begun.id, told, writer=writer, at_ms=event.at_ms, new_version=True)


def _begun(story: _Story, buttons: Sequence[DemoButton], number: str, opened_ms: int) -> Incident:
    camera = CAMERAS[story.home] if story.kind is _LOITERING else None
    button = None if camera else buttons[story.home]
    return Incident(
        id=f"demo-{number}",
        number=number,
        stage=Stage.REPORTED,
        priority=3 if camera else 1,
        kind=story.kind,
        silent=False,
        drill=False,
        plan="default",
        opened_at_ms=opened_ms,
        closed_at_ms=None,
        acknowledged_by=None,
        acknowledged_at_ms=None,
        cancel_claimed=False,
        outcome=None,
        ring=1,
        next_due_at_ms=None,
        version=0,
        changed_position=0,
        village_id=camera.village if camera else buttons[story.home].village,
        grid_id=None,
        group_id=button.group if button else None,
        household_id=button.household if button else None,
        camera_id=camera.id if camera else None,
    )


def _happened(story: _Story, opened_ms: int) -> list[Happened]:
    def event(what: EventType, after_s: int, actor: str, **data: object) -> Happened:
        return Happened(what, opened_ms + after_s * 1000, actor, data)

    found = [
        event(EventType.ACKNOWLEDGED, story.signed_s, "duty", by="张值班"),
        event(EventType.VERIFIED, story.signed_s + 30, "duty", by="张值班"),
    ]
    if story.team is not None:
        found += [
            event(EventType.DISPATCHED, story.signed_s + 50, "duty", by="张值班", to=story.team),
            event(EventType.SET_OUT, story.set_out_s, "duty", by="张值班"),
            event(EventType.ARRIVED, story.arrived_s, "duty", by="张值班"),
            event(EventType.RESPONDED, story.responded_s, "duty", by="张值班"),
        ]
    said = {"by": "李班长", "outcome": story.outcome.value, "note": MADE_UP}
    found.append(event(EventType.CLOSED, story.closed_s, "leader", **said))
    return found
