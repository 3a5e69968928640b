"""The shapes of the ledgers in the API, and making them."""

from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.ledgers.device_tests import TestLine, UntestedGroup
from linkage.ledgers.group_tests import GroupTest
from linkage.ledgers.keeper import Reminded
from linkage.web.answering import moment, moment_or_none


class DeviceTest(Struct, frozen=True, kw_only=True):
    at: str
    device: str
    household: str | None
    label: str | None
    group: str | None
    village: str | None


class DeviceTests(Struct, frozen=True, kw_only=True):
    items: list[DeviceTest]
    more: bool
    """There are more than these: ask for a shorter time, or take the sheet."""


class UntestedButton(Struct, frozen=True, kw_only=True):
    device: str
    household: str
    label: str
    tested_at: str | None


class Untested(Struct, frozen=True, kw_only=True):
    group: str
    name: str
    village: str
    leader_household_id: str | None
    leader_label: str | None
    buttons: int
    untested: list[UntestedButton]


class UntestedList(Struct, frozen=True, kw_only=True):
    test_every_s: float
    items: list[Untested]


class NotReminded(Struct, frozen=True, kw_only=True):
    group: str
    name: str
    why_zh: str
    why_en: str


class RemindedView(Struct, frozen=True, kw_only=True):
    reminded: list[str]
    """Groups whose leader's device was told."""
    not_reminded: list[NotReminded]


class GroupTestMember(Struct, frozen=True, kw_only=True):
    device: str
    household: str
    label: str | None
    sent_at: str | None
    state: str | None
    """delivered, read, coming or cannot; null: nothing was heard."""
    answered_at: str | None


class GroupTestView(Struct, frozen=True, kw_only=True):
    id: str
    group: str
    name: str | None
    village: str | None
    started_by: str
    started_by_name: str
    started_at: str
    until: str
    running: bool
    told: int
    delivered: int
    answered: int
    members: list[GroupTestMember]


class GroupTestList(Struct, frozen=True, kw_only=True):
    items: list[GroupTestView]


def device_test(line: TestLine, zone: ZoneInfo) -> DeviceTest:
    return DeviceTest(
        at=moment(line.at_ms, zone),
        device=line.device,
        household=line.household_id,
        label=line.label,
        group=line.group,
        village=line.village,
    )


def untested(group: UntestedGroup, zone: ZoneInfo) -> Untested:
    return Untested(
        group=group.group_id,
        name=group.group,
        village=group.village,
        leader_household_id=group.leader_household_id,
        leader_label=group.leader_label,
        buttons=group.buttons,
        untested=[
            UntestedButton(
                device=button.device,
                household=button.household_id,
                label=button.label,
                tested_at=moment_or_none(button.tested_at_ms, zone),
            )
            for button in group.untested
        ],
    )


def reminded(done: Reminded) -> RemindedView:
    return RemindedView(
        reminded=list(done.told),
        not_reminded=[
            NotReminded(
                group=one.group_id,
                name=one.group,
                why_zh="未指定联户长" if one.no_leader else "联户长家没有可用的设备",
                why_en="nobody is its leader"
                if one.no_leader
                else "no device in the leader's home",
            )
            for one in done.not_told
        ],
    )


def group_test(test: GroupTest, zone: ZoneInfo, *, now_ms: int) -> GroupTestView:
    return GroupTestView(
        id=test.id,
        group=test.group_id,
        name=test.group,
        village=test.village,
        started_by=test.started_by,
        started_by_name=test.started_by_name,
        started_at=moment(test.started_at_ms, zone),
        until=moment(test.until_ms, zone),
        running=test.until_ms > now_ms,
        told=len(test.members),
        delivered=test.delivered,
        answered=test.answered,
        members=[
            GroupTestMember(
                device=member.device,
                household=member.household_id,
                label=member.label,
                sent_at=moment_or_none(member.sent_at_ms, zone),
                state=member.state,
                answered_at=moment_or_none(member.answered_at_ms, zone),
            )
            for member in test.members
        ],
    )
