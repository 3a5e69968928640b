"""May this camera be looked at now, by this person, for this reason."""

import pytest

from linkage.looking.deciding import Asked, CameraNow, Refusal, Verdict, may_be_viewed, may_look
from linkage.looking.settings import LiveSettings

STREET = CameraNow("public", ())
STREET_AT_IT = CameraNow("public", ("i-1",))
HOME = CameraNow("private", ())
HOME_AT_IT = CameraNow("private", ("i-2", "i-1"))
WITHDRAWN = CameraNow("private", ("i-1",), is_agreed=False)
OFFICER, CLERK = {"may_handle": True}, {"may_handle": False}


def named(incident="i-1", is_open=True, purpose="", **who):
    return Asked(purpose=purpose, incident=incident, incident_is_open=is_open, **who)


@pytest.mark.parametrize(
    ("camera", "asked", "verdict"),
    [
        # without an incident a reason must be stated
        (STREET, Asked(**OFFICER), Verdict(Refusal.NO_REASON)),
        (STREET, Asked(**OFFICER, purpose=" \t"), Verdict(Refusal.NO_REASON)),
        (STREET, Asked(**OFFICER, purpose="巡查"), Verdict()),
        (STREET_AT_IT, Asked(**OFFICER), Verdict(Refusal.NO_REASON)),
        # an open incident of the camera is reason enough for who may handle it
        (STREET_AT_IT, named(**OFFICER), Verdict(incident="i-1")),
        (STREET_AT_IT, named(**CLERK), Verdict(Refusal.NO_REASON)),
        (STREET_AT_IT, named(**CLERK, purpose="检修"), Verdict(incident="i-1")),
        # of another camera, or a closed one, it is not
        (STREET, named(**OFFICER), Verdict(Refusal.NO_REASON)),
        (STREET, named(**OFFICER, purpose="同村"), Verdict(incident="i-1")),
        (STREET, named(**OFFICER, is_open=False), Verdict(Refusal.INCIDENT_CLOSED)),
        (STREET, named(**OFFICER, is_open=False, purpose="复查"), Verdict(incident="i-1")),
        (STREET, named(**OFFICER, is_open=None, purpose="x"), Verdict(Refusal.NO_SUCH_INCIDENT)),
        # a household's camera is shut, whatever is stated, but during its incident
        (HOME, Asked(**OFFICER, purpose="巡查"), Verdict(Refusal.NOT_DURING_INCIDENT)),
        (HOME, named(**OFFICER), Verdict(Refusal.NOT_DURING_INCIDENT)),
        (HOME_AT_IT, named(**OFFICER), Verdict(incident="i-1")),
        (HOME_AT_IT, Asked(**OFFICER), Verdict(incident="i-2")),
        (HOME_AT_IT, named("other", **OFFICER, purpose="x"), Verdict(incident="i-2")),
        (HOME_AT_IT, named(**CLERK), Verdict(Refusal.NO_REASON)),
        # and shut for all, whatever is stated, when its household agrees no more
        (WITHDRAWN, named(**OFFICER, purpose="x"), Verdict(Refusal.NOT_AGREED)),
    ],
)
def test_who_may_look_for_what_reason(camera, asked, verdict):
    assert may_look(camera, asked) == verdict


def test_a_street_may_be_viewed_at_any_time_and_a_home_only_during_its_incident():
    cameras = (STREET, STREET_AT_IT, HOME, HOME_AT_IT, WITHDRAWN)
    may = [may_be_viewed(camera) is None for camera in cameras]
    assert may == [True, True, False, True, False]


def test_every_refusal_is_worded_in_both_languages():
    for refusal in Refusal:
        zh, en = refusal.label
        assert refusal.said == f"{zh} / {en}"
        assert zh != en


def test_the_last_few_views_are_for_incidents() -> None:
    many, few = LiveSettings(views=20), LiveSettings(views=2)
    assert (many.most(of_incident=False), many.most(of_incident=True)) == (16, 20)
    assert (few.most(of_incident=False), few.most(of_incident=True)) == (2, 2)
