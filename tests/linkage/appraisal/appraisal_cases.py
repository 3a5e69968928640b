"""Incidents as the figures have them."""

from itertools import count

from alarms.model import AlarmKind
from linkage.appraisal.model import Case, Part, Source
from linkage.model.incident import Outcome, Stage

_NUMBER = count(1)


def case(**facts):
    """A counted panic press that was real."""
    number = next(_NUMBER)
    return Case(
        **{
            "id": f"i-{number}",
            "number": f"20261101-{number:04d}",
            "kind": AlarmKind.PANIC,
            "stage": Stage.CLOSED,
            "part": Part.COUNTED,
            "opened_at_ms": number * 1000,
            "outcome": Outcome.REAL,
            **facts,
        }
    )


def pressed(household, outcome=Outcome.ACCIDENTAL, *, device=None, **facts):
    source = Source(device or f"{household}-1", household)
    return case(source=source, outcome=outcome, **facts)


def lingered(camera, zone, outcome=Outcome.FALSE, **facts):
    source = Source(camera, zone=zone, is_camera=True)
    return case(kind=AlarmKind.LOITERING, source=source, outcome=outcome, **facts)
