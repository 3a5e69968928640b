"""What of an incident a locked screen is told: that it is there, of what kind, roughly where, since
when and how it must sound. Nobody who walks past reads whose it is.
"""

import msgspec

from linkage.web.incident_views import Acknowledged, Incident, Next, Place, StepTimes

_NOWHERE = Place(village=None, grid=None, group=None, household=None)
_UNTOLD = StepTimes(
    acknowledged=None,
    verified=None,
    dispatched=None,
    set_out=None,
    arrived=None,
    responded=None,
    closed=None,
    reviewed=None,
)


def hidden(incident: Incident, username: str) -> Incident:
    """The incident for the locked screen of this account. Village and group stay, the household
    does not."""
    signed, following = incident.acknowledged, incident.next
    return msgspec.structs.replace(
        incident,
        number="",
        place=msgspec.structs.replace(incident.place, household=None),
        place_ids=_NOWHERE,
        acknowledged=None if signed is None else Acknowledged(by="", username="", at=signed.at),
        alarms=[],
        alarm_households=0,
        alarm_flags=[],
        callers=[],
        caller_count=0,
        cameras=[],
        evidence=[],
        evidence_count=0,
        # the page sounds for whoever must still sign
        next=None
        if following is None
        else Next(action=following.action, due_at=None, due_for=None),
        called=[],
        called_count=0,
        asked=[one for one in incident.asked if one == username],
        informed=[],
        outcome=None,
        times=_UNTOLD,
        responder=None,
        supervised=None,
        merged_into=None,
        station=None,
    )
