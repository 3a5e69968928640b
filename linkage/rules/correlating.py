"""Which open incident an alarm joins, by the declared correlations in their order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from alarms.model import SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.cells import distance_m
from linkage.facts import MEANT_FOR, Facts, LinkedAlarm, OpenIncident
from linkage.rules.correlation import Correlation, Same

_CAMERA_KINDS = frozenset({AlarmKind.LOITERING})
_OF_OUR_EYES = frozenset({AlarmKind.CAMERA_FAULT})


@dataclass(frozen=True)
class Joined:
    """The incident, and the correlation that says so."""

    incident: OpenIncident
    by: Correlation


def joined(facts: Facts) -> Joined | None:
    """The first correlation, in their order, that finds an incident; of several the newest."""
    alarm, incidents = facts.alarm, _meant(facts)
    for correlation in facts.rules.correlations:
        if not correlation.concerns(alarm.kind, alarm.source):
            continue
        for incident in incidents:
            if _fits(correlation, incident, facts):
                return Joined(incident, correlation)
    return None


def from_same_home(linked: LinkedAlarm, facts: Facts) -> bool:
    """The same household, or, where none is registered, the same button."""
    if facts.place.household_id is not None:
        return linked.household_id == facts.place.household_id
    return facts.alarm.source is AlarmSource.BUTTON and linked.device == facts.alarm.device


def is_second_source(facts: Facts, incident: OpenIncident) -> bool:
    """Whether the alarm comes from somebody, or something, that the incident has not heard yet: a
    camera beside presses, a press beside cameras, another household."""
    if facts.alarm.kind in SYSTEM_KINDS:
        return False  # it says nothing of what happens there
    if facts.alarm.source is AlarmSource.CAMERA:
        return all(a.kind not in _CAMERA_KINDS for a in incident.alarms)
    return not any(from_same_home(a, facts) for a in incident.alarms)


def _meant(facts: Facts) -> Sequence[OpenIncident]:
    """Those that the alarm may join: where it is meant for one that is open, that one."""
    if facts.alarm.source is not AlarmSource.SYSTEM:
        return facts.incidents
    meant = facts.alarm.detail.get(MEANT_FOR)
    return [one for one in facts.incidents if one.id == meant] or facts.incidents


def _fits(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    return (
        # what gathers a flood takes in no press, and nothing once the flood is over
        incident.flood_village is None
        and _is_of_one_world(incident, facts)
        and incident.kind not in correlation.without_kinds
        and (not correlation.with_kinds or incident.kind in correlation.with_kinds)
        and _within_time(correlation, incident, facts)
        and _by_source(correlation, incident)
        and _has_room(correlation, incident)
        and _not_too_quiet(correlation, incident, facts)
        and _shares(correlation, incident, facts)
    )


def _is_of_one_world(incident: OpenIncident, facts: Facts) -> bool:
    """What is wrong with ourselves is no place where people are; but that the eyes on them are
    gone, whoever deals with it must know."""
    if incident.kind in SYSTEM_KINDS:
        return facts.alarm.kind in SYSTEM_KINDS
    if facts.alarm.kind in _OF_OUR_EYES:
        return not incident.is_drill  # in practice it is a fault like any other
    return facts.alarm.kind not in SYSTEM_KINDS


def _by_source(correlation: Correlation, incident: OpenIncident) -> bool:
    if not correlation.with_sources:
        return True
    if all(a.kind in _CAMERA_KINDS for a in incident.alarms):
        return AlarmSource.CAMERA in correlation.with_sources
    return bool(correlation.with_sources - {AlarmSource.CAMERA})


def _within_time(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    if correlation.within_s is None:
        return True
    age_ms = facts.alarm.received_at_ms - incident.newest_alarm_ms
    return abs(age_ms) <= correlation.within_s * 1000


def _has_room(correlation: Correlation, incident: OpenIncident) -> bool:
    if correlation.households_at_most is None:
        return True
    homes = {a.household_id or a.device for a in incident.alarms if a.kind not in SYSTEM_KINDS}
    return len(homes) <= correlation.households_at_most


def _not_too_quiet(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    if correlation.joins_quiet or facts.alarm.source is AlarmSource.CAMERA:
        return True
    alarm = facts.alarm
    is_quiet = alarm.silent or alarm.kind is AlarmKind.DURESS
    return not (is_quiet or incident.silent or any(a.is_quiet for a in incident.alarms))


def _shares(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    place = facts.place
    match correlation.same:
        case Same.HOUSEHOLD:
            return any(from_same_home(a, facts) for a in incident.alarms)
        case Same.GROUP:
            return place.group_id is not None and incident.group_id == place.group_id
        case Same.VILLAGE:
            return place.village_id is not None and incident.village_id == place.village_id
        case Same.PLACE:
            return _is_near(correlation, incident, facts)
        case Same.CAMERA:
            return _by_camera(correlation, incident, facts)
        case Same.OWN_CAMERA:
            return incident.camera_id == (place.camera_id or facts.alarm.device)
        case _:
            return _is_same_cause(incident, facts)


def _is_same_cause(incident: OpenIncident, facts: Facts) -> bool:
    """The chair, the rota; of cameras each its own."""
    if facts.alarm.kind is not incident.kind:
        return False
    if incident.kind is not AlarmKind.CAMERA_FAULT:
        return True
    return any(a.device == facts.alarm.device for a in incident.alarms)


def _is_near(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    place = facts.place
    if (
        place.latitude is None
        or place.longitude is None
        or incident.latitude is None
        or incident.longitude is None
    ):
        return False
    here, there = (place.latitude, place.longitude), (incident.latitude, incident.longitude)
    return distance_m(here, there) <= correlation.within_m


def _by_camera(correlation: Correlation, incident: OpenIncident, facts: Facts) -> bool:
    camera = facts.place.camera_id or facts.alarm.device
    if facts.alarm.source is AlarmSource.CAMERA:
        return incident.camera_id != camera and camera in incident.camera_ids
    if facts.alarm.source is AlarmSource.SYSTEM:
        return camera in incident.camera_ids
    # a camera that was not surveyed is near nothing
    return any(
        near.camera_id == incident.camera_id
        and near.distance_m is not None
        and near.distance_m <= correlation.within_m
        for near in facts.cameras
    )
