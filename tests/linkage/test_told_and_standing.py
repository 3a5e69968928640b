"""Who was told and where the station's word stands: the pure foldings, every branch."""

from dataclasses import replace

import pytest

from linkage.model.action import ActionKind, ActionState
from linkage.model.event import EventType
from linkage.ways.station import Happened, Sent, StationState, standing
from linkage.ways.told import ToldAction, ToldEvent, told

K, S, E = ActionKind, ActionState, EventType


def action(kind: K, state: S, target: str = "x", at: int = 10, **payload) -> ToldAction:
    done = None if state is S.PLANNED else at + 1
    return ToldAction(f"{kind}-{at}", kind, target, payload, state, at, done, "no answer")


def states(actions, events=(), acted=()) -> list[tuple[str, str, str]]:
    return [(one.kind, one.way, one.state) for one in told(actions, events, acted)]


@pytest.mark.parametrize(
    ("kind", "state", "payload", "expected"),
    [
        (K.NOTICE, S.PLANNED, {}, ("member", "mqtt", "planned")),
        (K.NOTICE, S.SENT, {}, ("member", "mqtt", "sent")),
        (K.NOTICE, S.EXPIRED, {}, ("member", "mqtt", "failed")),
        (K.NOTICE, S.CANCELLED, {}, ("member", "mqtt", "cancelled")),
        (K.SIREN, S.SENT, {}, ("siren", "mqtt", "sent")),
        (K.LOUDSPEAKER, S.FAILED, {}, ("loudspeaker", "mqtt", "failed")),
        (K.WEBHOOK, S.SENT, {}, ("webhook", "webhook", "delivered")),
        (K.PAGE, S.SENT, {"way": "console", "attended": True}, ("person", "console", "sent")),
        (K.PAGE, S.SENT, {"attended": False}, ("person", "console", "unattended")),
    ],
)
def test_what_we_did_is_shown_as_far_as_it_was_observed(kind, state, payload, expected):
    assert states([action(kind, state, **payload)]) == [expected]


def test_what_is_no_message_is_not_shown():
    assert states([action(K.ESCALATE, S.SENT), action(K.SNAPSHOT, S.SENT)]) == []


def test_taking_a_notice_away_says_nothing_of_how_far_it_came():
    both = [action(K.NOTICE, S.SENT, at=10), action(K.NOTICE, S.EXPIRED, at=30, over="notice-10")]
    events = [ToldEvent(E.NOTICE_SEEN, 20, {"device": "x", "state": "coming"})]
    assert states(both, events) == [("member", "mqtt", "answered")]


def test_telling_of_the_close_says_nothing_of_how_far_the_call_came():
    both = [action(K.WEBHOOK, S.SENT, at=10, event="opened", use="station")]
    both.append(action(K.WEBHOOK, S.EXPIRED, at=30, event="closed"))
    events = [ToldEvent(E.STATION_CONFIRMED, 20, {"name": "x"})]
    assert states(both, events) == [("webhook", "webhook", "answered")]


def test_an_error_is_shown_while_it_matters():
    lines = told([action(K.NOTICE, S.PLANNED), action(K.SIREN, S.SENT)], (), ())
    assert [one.error for one in lines] == ["no answer", None]


def test_whoever_acted_has_answered():
    assert states([action(K.PAGE, S.SENT, "duty")], acted={"duty"}) == [
        ("person", "console", "answered")
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["delivered"], "delivered"),
        (["delivered", "read"], "read"),
        (["read", "delivered"], "read"),
        (["coming"], "answered"),
        (["cannot", "delivered"], "answered"),
        (["anything"], "delivered"),
    ],
)
def test_what_a_members_device_says_counts_upwards(said: list[str], expected: str):
    events = [
        ToldEvent(E.NOTICE_SEEN, 20 + n, {"device": "x", "state": s}) for n, s in enumerate(said)
    ]
    assert states([action(K.NOTICE, S.SENT)], events) == [("member", "mqtt", expected)]


def test_what_was_said_of_an_older_message_says_nothing_of_a_newer_one():
    events = [ToldEvent(E.NOTICE_SEEN, 20, {"device": "x", "state": "read"})]
    both = [action(K.NOTICE, S.SENT, at=10), action(K.NOTICE, S.SENT, at=30)]
    assert states(both, events) == [("member", "mqtt", "sent")]


def test_of_nobody_who_was_told_nothing_can_be_said():
    events = [ToldEvent(E.NOTICE_SEEN, 20, {"device": "y", "state": "read"})]
    assert states([action(K.NOTICE, S.SENT)], events) == [("member", "mqtt", "sent")]


def test_a_way_may_say_itself_how_far_it_came():
    events = [
        ToldEvent(E.TOLD, 20, {"kind": "siren", "target": "x", "state": "delivered"}),
        ToldEvent(E.TOLD, 21, {"kind": "siren", "target": "x", "state": "failed"}),
        ToldEvent(E.NOTED, 22, {}),
    ]
    assert states([action(K.SIREN, S.SENT)], events) == [("siren", "mqtt", "delivered")]


def test_who_carried_it_says_by_which_way():
    told_by = {"kind": "siren", "target": "x", "way": "onvif"}
    for state in ("delivered", "failed"):
        events = [ToldEvent(E.TOLD, 20, {**told_by, "state": state})]
        [(_, way, _)] = states([action(K.SIREN, S.SENT)], events)
        assert way == "onvif"
    elsewhere = [ToldEvent(E.TOLD, 20, {**told_by, "target": "y", "state": "failed"})]
    assert states([action(K.SIREN, S.SENT)], elsewhere) == [("siren", "mqtt", "sent")]


@pytest.mark.parametrize("name", [None, "x"])
def test_a_stations_confirmation_is_an_answer(name):
    events = [ToldEvent(E.STATION_CONFIRMED, 20, {"name": name})]
    ours = action(K.WEBHOOK, S.SENT, use="station")
    assert states([ours], events) == [("webhook", "webhook", "answered")]


def test_it_is_no_answer_of_another_webhook():
    events = [ToldEvent(E.STATION_CONFIRMED, 20, {"name": "y"})]
    assert states([action(K.WEBHOOK, S.SENT, use="station")], events)[0][2] == "delivered"
    assert states([action(K.WEBHOOK, S.SENT, use="incidents")], events)[0][2] == "delivered"


# --- the station's word --------------------------------------------------------------------------


def sent(state: S, *, at: int = 10, name: str = "s", use: str | None = "station") -> Sent:
    done = None if state is S.PLANNED else at + 1
    return Sent(f"{name}-{at}", name, use, state, at, done, "HTTP 503")


def heard(kind: E, at: int = 20, *, name: str | None = None, message: str | None = None):
    return Happened(kind, at, name, message, "110" if message else None)


LATE = heard(E.STATION_UNCONFIRMED, 40, name="s", message="s-10")
CONFIRMED, TELEPHONED = heard(E.STATION_CONFIRMED, 50), heard(E.STATION_TELEPHONED, 50)


@pytest.mark.parametrize(
    ("state", "happened", "expected", "telephone"),
    [
        (S.PLANNED, [], StationState.PLANNED, False),
        (S.SENT, [], StationState.DELIVERED, False),
        (S.EXPIRED, [], StationState.FAILED, True),
        (S.FAILED, [], StationState.FAILED, True),
        (S.PLANNED, [LATE], StationState.UNCONFIRMED, True),
        (S.SENT, [LATE], StationState.UNCONFIRMED, True),
        (S.SENT, [LATE, CONFIRMED], StationState.CONFIRMED, False),
        (S.SENT, [LATE, TELEPHONED], StationState.TELEPHONED, False),
        (S.EXPIRED, [LATE, TELEPHONED], StationState.TELEPHONED, False),
        (S.SENT, [TELEPHONED, CONFIRMED], StationState.CONFIRMED, False),
    ],
)
def test_where_the_stations_word_stands(state, happened, expected, telephone):
    found = standing([sent(state)], happened)
    assert (found.state, found.telephone) == (expected, telephone)
    assert found.number == ("110" if LATE in happened else None)


def test_a_drill_that_could_not_be_told_needs_no_telephone():
    found = standing([replace(sent(S.EXPIRED), drill=True)], [])
    assert (found.state, found.telephone) == (StationState.FAILED, False)


def test_no_station_is_told():
    assert standing([], []) is None
    assert standing([sent(S.SENT, use="incidents"), sent(S.CANCELLED)], []) is None


def test_a_later_message_must_be_confirmed_anew():
    both = [sent(S.SENT, at=60), sent(S.SENT, at=10)]
    assert standing(both, [CONFIRMED]).state is StationState.DELIVERED


def test_of_several_stations_the_worst_is_shown():
    both = [sent(S.SENT, name="a"), sent(S.EXPIRED, name="b")]
    confirmed = heard(E.STATION_CONFIRMED, 50, name="a")
    assert (standing(both, [confirmed]).name, standing(both, [confirmed]).telephone) == ("b", True)
