"""What follows the first messages of an alarm: planned at once, or noted and planned later."""

from linkage.fanning_out import clips, fan_out, fanned_out, group_of, notices, snapshots
from linkage.model.action import ActionKind
from linkage.model.place import MemberDevice

TOLD = {
    "household": "h1",
    "from": "3组01号",
    "phrase": "neighbour-needs-help",
    "drill": False,
    "until_ms": 9000,
}
MEMBERS = [
    MemberDevice("b1", "h1", True),
    MemberDevice("b2", "h2", True),
    MemberDevice("b3", "h3", False),
    MemberDevice("b4", "h4", True),
]
SPARED = {"h1", "h4", None}


def note(told=TOLD, cameras=("cam",)):
    return fan_out(
        "alarm",
        group_id="g3",
        told=told,
        spared=SPARED,
        cameras=list(cameras),
        ring=2,
        due_at_ms=1000,
    )


def test_what_is_noted_is_planned_later_as_it_would_have_been_at_once():
    at_once = [
        *notices("alarm", TOLD, MEMBERS, spared=SPARED, due_at_ms=1000),
        *snapshots("alarm", ["cam"], due_at_ms=1000),
    ]
    assert fanned_out(note().payload, MEMBERS, due_at_ms=1000) == at_once
    assert [(one.kind, one.target) for one in at_once] == [
        (ActionKind.NOTICE, "b2"),
        (ActionKind.SNAPSHOT, "cam"),
    ]


def test_one_alarm_is_noted_once():
    assert note().id == note(cameras=()).id


def test_where_nobody_near_is_told_nobody_is_asked_for():
    silent = note(told=None).payload
    assert group_of(silent) is None
    assert group_of(note().payload) == "g3"
    assert [one.kind for one in fanned_out(silent, MEMBERS, due_at_ms=0)] == [ActionKind.SNAPSHOT]


def test_clips_are_noted_and_planned_as_they_would_have_been_at_once():
    filmed = {
        "cameras": ["cam", "cam2"], "from_ms": 100, "press_ms": 400, "until_ms": 900,
        "routine": False,
    }  # fmt: skip
    written = fan_out(
        "alarm",
        group_id=None,
        told=None,
        spared=(),
        cameras=[],
        clips=filmed,
        ring=1,
        due_at_ms=500,
    )
    planned = fanned_out(written.payload, [], due_at_ms=500)
    assert planned == clips("alarm", filmed, due_at_ms=500)
    assert [(a.kind, a.target, a.due_at_ms) for a in planned] == [
        (ActionKind.CLIP, "cam", 500),
        (ActionKind.CLIP_KEPT, "cam", 3900),
        (ActionKind.CLIP, "cam2", 500),
        (ActionKind.CLIP_KEPT, "cam2", 3900),
    ]


def test_a_note_of_before_there_were_clips_plans_none():
    old = dict(note().payload)
    del old["clips"]
    assert ActionKind.CLIP not in {one.kind for one in fanned_out(old, MEMBERS, due_at_ms=0)}
