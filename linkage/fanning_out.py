"""What of an alarm follows its first messages: the neighbours' notices and the pictures. Pure.

In a burst one durable action says what of it is still to be planned, and `FanOutCarrier` plans it
when the first messages of all are out; else it is planned at once. Either way it is the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.model.place import MemberDevice

SNAPSHOT_LASTS_MS = 2 * 60 * 1000
CLIP_SETTLES_MS = 3 * 1000
"""After its last picture: so long its file takes to be whole, usually."""


def notices(
    cause: str,
    told: Mapping[str, object],
    members: Iterable[MemberDevice],
    *,
    spared: Collection[str | None],
    due_at_ms: int,
) -> list[PlannedAction]:
    """`told` (the notices' payload) to all of `members` but those who want none or are `spared`.
    `cause` is the alarm's id: a repeat plans the same."""
    until_ms = told["until_ms"]
    assert isinstance(until_ms, int), "whoever made the payload said until when it is shown"
    return [
        PlannedAction(
            id=action_id(ActionKind.NOTICE, cause, member.device),
            kind=ActionKind.NOTICE,
            target=member.device,
            due_at_ms=due_at_ms,
            deadline_ms=until_ms,
            payload=told,
        )
        for member in members
        if member.wants_notices and member.household_id not in spared
    ]


def snapshots(cause: str, cameras: Iterable[str], *, due_at_ms: int) -> list[PlannedAction]:
    """A picture of each of these cameras."""
    return [
        PlannedAction(
            id=action_id(ActionKind.SNAPSHOT, cause, camera),
            kind=ActionKind.SNAPSHOT,
            target=camera,
            due_at_ms=due_at_ms,
            deadline_ms=due_at_ms + SNAPSHOT_LASTS_MS,
        )
        for camera in cameras
    ]


def clips(
    cause: str, wanted: Mapping[str, object] | None, *, due_at_ms: int
) -> list[PlannedAction]:
    """A clip of each of the cameras `wanted` names: begun at once, asked after when it ends."""
    if wanted is None:
        return []
    cameras, until_ms = wanted["cameras"], wanted["until_ms"]
    assert isinstance(cameras, list), "as `linkage.planning` wrote it"
    assert isinstance(until_ms, int), "as `linkage.planning` wrote it"
    times = {key: wanted[key] for key in ("from_ms", "press_ms", "until_ms", "routine")}
    planned: list[PlannedAction] = []
    for camera in cameras:
        begun = action_id(ActionKind.CLIP, cause, camera)
        payload = {"clip": begun.rpartition("-")[2], **times}
        kept = action_id(ActionKind.CLIP_KEPT, cause, camera)
        ends_ms = max(due_at_ms, until_ms) + CLIP_SETTLES_MS
        planned += [
            PlannedAction(begun, ActionKind.CLIP, camera, due_at_ms, until_ms, payload),
            PlannedAction(kept, ActionKind.CLIP_KEPT, camera, ends_ms, None, payload),
        ]
    return planned


def fan_out(
    cause: str,
    *,
    group_id: str | None,
    told: Mapping[str, object] | None,
    spared: Collection[str | None],
    cameras: Sequence[str],
    clips: Mapping[str, object] | None = None,
    ring: int,
    due_at_ms: int,
) -> PlannedAction:
    """The note of what `fanned_out` plans. `told` is None where nobody near is told; `ring` counts
    how often the incident has rung."""
    return PlannedAction(
        id=action_id(ActionKind.FAN_OUT, cause),
        kind=ActionKind.FAN_OUT,
        target="incident",
        due_at_ms=due_at_ms,
        payload={
            "alarm": cause,
            "ring": ring,
            "group": group_id,
            "notice": told,
            "spared": sorted(one for one in spared if one is not None),
            "cameras": list(cameras),
            "clips": clips,
        },
    )


def group_of(payload: Mapping[str, object]) -> str | None:
    """Whose members `fanned_out` asks for; None where nobody near is told."""
    group = payload["group"]
    return group if isinstance(group, str) and payload["notice"] is not None else None


def fanned_out(
    payload: Mapping[str, object], members: Iterable[MemberDevice], *, due_at_ms: int
) -> list[PlannedAction]:
    """What a note of `fan_out` stands for. `members` are those of its group."""
    cause, told = str(payload["alarm"]), payload["notice"]
    spared, cameras = payload["spared"], payload["cameras"]
    assert isinstance(spared, list), "as `fan_out` wrote it"
    assert isinstance(cameras, list), "as `fan_out` wrote it"
    planned: list[PlannedAction] = []
    if isinstance(told, dict):
        planned += notices(cause, told, members, spared=spared, due_at_ms=due_at_ms)
    planned += snapshots(cause, cameras, due_at_ms=due_at_ms)
    # a note of before there were clips names none
    filmed = payload.get("clips")
    return planned + clips(cause, filmed if isinstance(filmed, dict) else None, due_at_ms=due_at_ms)
