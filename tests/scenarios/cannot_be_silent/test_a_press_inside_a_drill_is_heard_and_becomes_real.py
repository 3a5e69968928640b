"""A drill cannot hide a real press: it calls a named person, and whoever means it presses again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alarms.model import AlarmKind
from linkage.carriers import PageCarrier
from linkage.changes import Changes
from linkage.escalation.carrier import EscalateCarrier
from linkage.escalation.plans import built_in_plans
from linkage.model.action import ActionKind
from linkage.outbox import Outbox
from tests.linkage.quiet.test_quiet_engine import Room
from tests.linkage.town import SHANGHAI, actions_of, attend, open_town, press, rows


class CallingRoom(Room):
    """A town whose people are called."""

    async def called(self, *, after_s: float = 0.0) -> list[str]:
        """Who has been called by then, in order."""
        self.clock.forward(after_s)
        await attend(self.database, self.clock, "duty", "leader", "station")
        changes = Changes()
        escalate = EscalateCarrier(
            self.database,
            self.clock,
            changes,
            plans=built_in_plans(),
            writer="linkage",
            time_zone=SHANGHAI,
        )
        carriers = {ActionKind.ESCALATE: escalate, ActionKind.PAGE: PageCarrier()}
        outbox = Outbox(self.database, self.clock, carriers, changes, writer="linkage")
        await outbox.run_once()
        events = await rows(self.database, "incident_events")
        return [e["data"]["username"] for e in events if e["type"] == "paged"]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[CallingRoom]:
    database = await open_town(tmp_path)
    room = CallingRoom(database)
    await room.drills()
    yield room
    await database.close()


async def test_the_press_inside_the_drill_calls_the_duty_officer_again_and_again(
    town: CallingRoom,
) -> None:
    await town.happens(press("b1", 1))
    assert await town.called() == ["duty"]
    assert await town.called(after_s=121) == ["duty", "duty"]


@pytest.mark.parametrize("kind", [AlarmKind.PANIC, AlarmKind.FIRE, AlarmKind.DURESS])
async def test_the_second_press_escalates_as_if_there_were_no_drill(
    town: CallingRoom, kind: AlarmKind
) -> None:
    await town.happens(press("b1", 1))
    assert await town.called() == ["duty"]
    [incident] = await town.happens(press("b1", 2, kind))
    assert (incident["drill"], incident["ring"], incident["plan"]) == (False, 2, "default")
    assert await town.called() == ["duty", "duty"]
    assert (await town.called(after_s=31))[-1] == "leader"
    assert (await town.called(after_s=31))[-1] == "station"


async def test_fire_inside_the_drill_never_was_practice(town: CallingRoom) -> None:
    [incident] = await town.happens(press("b1", 1, AlarmKind.FIRE))
    assert (incident["drill"], incident["plan"]) == (False, "default")
    assert not any(n["payload"]["drill"] for n in await actions_of(town.database, "notice"))
