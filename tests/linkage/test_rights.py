"""The table of rights and the scope of places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.accounts.rights import Permission, Places, Role, permissions_of

STEPS = {p for p in Permission if p.startswith("incident.") and p is not Permission.INCIDENT_READ}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_audits_or_configures_signs_for_nothing(role):
    assert not permissions_of(role) & (STEPS | {Permission.REPORT_CREATE, Permission.PRESENCE})


def test_the_duty_officer_handles_an_incident_and_somebody_else_urges_and_reviews():
    not_own = {Permission.INCIDENT_REVIEW, Permission.INCIDENT_SUPERVISE}
    assert permissions_of(Role.DUTY_OFFICER) >= STEPS - not_own
    assert not permissions_of(Role.DUTY_OFFICER) & not_own
    assert permissions_of(Role.SHIFT_LEADER) >= STEPS


@pytest.mark.parametrize("role", [Role.VILLAGE_HEAD, Role.PATROL])
def test_who_helps_on_the_spot_sees_no_pictures(role):
    pictures = {Permission.CAMERA_LOOK, Permission.EVIDENCE_LOOK}
    assert not permissions_of(role) & pictures


@pytest.mark.parametrize("role", list(Role))
def test_a_machine_never_does_what_takes_a_named_person(role):
    personal = {
        *(STEPS - {Permission.INCIDENT_NOTE}),
        Permission.HOUSEHOLD_CONTACT,
        Permission.CAMERA_LOOK,
        Permission.EVIDENCE_LOOK,
        Permission.PRESENCE,
    }
    assert not permissions_of(role, machine=True) & personal


def test_every_role_has_a_line_in_the_table():
    assert all(permissions_of(role) for role in Role)


@given(st.sets(st.sampled_from("abcd")), st.one_of(st.none(), st.sampled_from("abcde")))
def test_places_cover_exactly_the_villages_they_name(names, village):
    assert Places.of(names).covers(village) == (village in names)


@given(st.one_of(st.none(), st.text()))
def test_everywhere_covers_everything_even_what_lies_in_no_village(village):
    assert Places.of(["*"]).covers(village)


@given(st.sets(st.sampled_from(["a", "b", "*"])))
def test_places_survive_being_kept(names):
    places = Places.of(names)
    assert Places.of(places.names()) == places
