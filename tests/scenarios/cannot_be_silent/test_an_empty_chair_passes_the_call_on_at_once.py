"""Nobody is at the console, or nobody would hear it: the next on the plan is called at once."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.house import House, Officer, house
from tests.scenarios.nursery import Nursery

AT_ONCE_S = 10.0
"""Far less than the 30 s after which the shift leader would be called anyway."""


def _skipped(incident: dict[str, object]) -> list[int]:
    return [e["data"]["step"] for e in incident["timeline"] if e["type"] == "unattended_skipped"]


async def test_the_shift_leader_is_called_when_the_duty_officer_is_away(site: House) -> None:
    async with site.client() as leader, site.button() as button:
        await leader.sign_in("leader")
        await leader.here()
        outcome = await button.press(timeout_s=20)
        incident = await leader.incident_of(outcome.alarm)
        shown = await leader.sees_called(incident, "leader", within_s=AT_ONCE_S)
        assert _skipped(shown) == [0]
        assert ("duty", "unattended") in [(c["username"], c["state"]) for c in shown["called"]]


async def test_when_nobody_at_all_is_there_the_last_step_is_called_and_shown_unattended(
    site: House,
) -> None:
    async with site.client() as officer, site.button() as button:
        await officer.sign_in()  # signed in, but no page says that somebody sits there
        outcome = await button.press(timeout_s=20)
        incident = await officer.incident_of(outcome.alarm)
        shown = await officer.until(incident, lambda i: len(i["called"]) >= 4, within_s=AT_ONCE_S)
        called = {(c["username"], c["state"]) for c in shown["called"]}
        assert called == {(u, "unattended") for u in ("duty", "leader", "police", "admin")}
        assert _skipped(shown) == [0, 1]
        assert (await officer.get("/system"))["console"]["attended"] is False


@pytest.mark.parametrize(("sound", "visible"), [("locked", True), ("unlocked", False)])
async def test_a_console_that_is_muted_or_out_of_sight_is_an_empty_chair(
    site: House, duty: Officer, sound: str, visible: bool
) -> None:
    await duty.here(sound=sound, visible=visible)
    async with site.client() as leader, site.button() as button:
        await leader.sign_in("leader")
        await leader.here()
        outcome = await button.press(timeout_s=20)
        incident = await leader.incident_of(outcome.alarm)
        shown = await leader.sees_called(incident, "leader", within_s=AT_ONCE_S)
        assert _skipped(shown) == [0]


async def test_a_chair_that_becomes_empty_is_noticed_at_the_next_step(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path) as site:
        site.escalate(
            ("0s", "role:duty-officer"), ("2s", "role:shift-leader"), ("30s", "role:dispatcher")
        )
        await site.start_from(nursery)
        async with (
            site.client() as duty,
            site.client() as leader,
            site.client() as police,
            site.button() as button,
        ):
            for officer, name in ((duty, "duty"), (leader, "leader"), (police, "police")):
                await officer.sign_in(name)
                await officer.here()
            outcome = await button.press(timeout_s=20)
            incident = await police.incident_of(outcome.alarm)
            await asyncio.gather(leader.here(sound="locked"), duty.here(sound="locked"))
            shown = await police.sees_called(incident, "police", within_s=AT_ONCE_S)
            assert _skipped(shown) == [1]
