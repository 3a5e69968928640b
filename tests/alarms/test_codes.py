"""Our kinds in the words of Contact ID, SIA, GB/T 28181 and CAP."""

import pytest

from alarms import codes
from alarms.codes import (
    CapCategory,
    CapCertainty,
    CapMessage,
    CapSeverity,
    CapStatus,
    ContactId,
    Gb28181Method,
    cap,
    contact_id,
    gb28181,
    goes_upstream,
)
from alarms.model import LIFE_SAFETY_KINDS, AlarmKind


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("drill", [False, True])
def test_every_kind_has_words_everywhere(kind: AlarmKind, silent: bool, drill: bool) -> None:
    found = contact_id(kind, silent=silent)
    assert 100 <= found.event <= 999
    assert len(found.sia) == 2
    notify = gb28181(kind)
    assert notify is None or notify.priority in (1, 2, 3, 4)
    assert cap(kind, drill=drill).status in CapStatus
    assert goes_upstream(kind, drill=drill) in (True, False)


@pytest.mark.parametrize(
    ("kind", "silent", "event", "sia"),
    [
        (AlarmKind.PANIC, False, 120, "PA"),
        (AlarmKind.PANIC, True, 122, "HA"),
        (AlarmKind.DURESS, False, 121, "HA"),
        (AlarmKind.DURESS, True, 121, "HA"),
        (AlarmKind.FIRE, False, 110, "FA"),
        (AlarmKind.MEDICAL, False, 100, "MA"),
        (AlarmKind.OTHER, False, 101, "QA"),
        (AlarmKind.MISSING, False, 101, "QA"),
        (AlarmKind.CANCEL, False, 406, "OC"),
        (AlarmKind.TEST, False, 601, "RX"),
    ],
)
def test_contact_id_and_sia_are_those_of_the_field(
    kind: AlarmKind, silent: bool, event: int, sia: str
) -> None:
    assert contact_id(kind, silent=silent) == ContactId(event, sia)


def test_loitering_does_not_claim_a_burglary() -> None:
    assert contact_id(AlarmKind.LOITERING, silent=False).event not in range(130, 140)


@pytest.mark.parametrize(
    ("kind", "method", "alarm_type", "priority", "source_type"),
    [
        (AlarmKind.PANIC, Gb28181Method.DEVICE, None, 1, 134),
        (AlarmKind.DURESS, Gb28181Method.DEVICE, None, 1, 134),
        (AlarmKind.LOITERING, Gb28181Method.VIDEO, 8, 2, 132),
    ],
)
def test_gb28181_has_method_type_and_priority(
    kind: AlarmKind,
    method: Gb28181Method,
    alarm_type: int | None,
    priority: int,
    source_type: int,
) -> None:
    assert gb28181(kind) == codes.Gb28181(method, alarm_type, priority, source_type)


def test_a_cancel_or_test_never_rings_upstream_as_another_panic() -> None:
    assert gb28181(AlarmKind.CANCEL) is None
    assert gb28181(AlarmKind.TEST) is None


def test_every_kind_on_which_a_life_hangs_can_be_told_upstream() -> None:
    assert all(gb28181(kind) is not None for kind in LIFE_SAFETY_KINDS)


def test_tests_and_drills_are_not_sent_upstream() -> None:
    assert not goes_upstream(AlarmKind.TEST, drill=False)
    assert not goes_upstream(AlarmKind.PANIC, drill=True)
    assert goes_upstream(AlarmKind.PANIC, drill=False)


@pytest.mark.parametrize("kind", [AlarmKind.DURESS, AlarmKind.FIRE])
def test_duress_and_fire_are_real_inside_a_drill(kind: AlarmKind) -> None:
    assert goes_upstream(kind, drill=True)
    assert cap(kind, drill=True).status is CapStatus.ACTUAL


def test_cap_tells_exercise_and_test_from_actual() -> None:
    assert cap(AlarmKind.PANIC, drill=False).status is CapStatus.ACTUAL
    assert cap(AlarmKind.PANIC, drill=True).status is CapStatus.EXERCISE
    assert cap(AlarmKind.TEST, drill=True).status is CapStatus.TEST


def test_cap_press_alone_is_likely_and_with_a_camera_observed() -> None:
    assert cap(AlarmKind.PANIC, drill=False).certainty is CapCertainty.LIKELY
    seen = cap(AlarmKind.PANIC, drill=False, seen_on_camera=True)
    assert seen.certainty is CapCertainty.OBSERVED


def test_cap_fire_is_fire_and_extreme() -> None:
    fire = cap(AlarmKind.FIRE, drill=False)
    assert (fire.category, fire.severity) == (CapCategory.FIRE, CapSeverity.EXTREME)


def test_cap_cancel_is_an_update_that_stays_a_claim() -> None:
    claim = cap(AlarmKind.CANCEL, drill=False, seen_on_camera=True)
    assert claim.message is CapMessage.UPDATE
    assert claim.certainty is CapCertainty.POSSIBLE


def test_no_word_speaks_of_plates_or_persons() -> None:
    words = " ".join(name.lower() for name in vars(codes))
    assert not any(w in words for w in ("plate", "face", "person", "victim", "sex"))
