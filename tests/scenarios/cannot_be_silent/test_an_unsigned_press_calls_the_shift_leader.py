"""The duty officer sits there and does nothing."""

from pathlib import Path

from tests.scenarios.house import house
from tests.scenarios.nursery import Nursery


async def test_after_its_time_the_next_on_the_plan_is_called_and_then_again(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path) as site:
        site.escalate(("0s", "role:duty-officer"), ("1s", "role:shift-leader"), repeat="1s")
        await site.start_from(nursery)
        async with site.client() as duty, site.client() as leader, site.button() as button:
            await duty.sign_in()
            await duty.here()
            await leader.sign_in("leader")
            await leader.here()
            outcome = await button.press(timeout_s=20)
            incident = await duty.incident_of(outcome.alarm)
            shown = await duty.sees_called(incident, "leader")
            assert [c["username"] for c in shown["called"]][:2] == ["duty", "leader"]
            rang = shown["ring"]
            again = await duty.until(
                incident, lambda i: [c["username"] for c in i["called"]].count("leader") >= 3
            )
            assert again["ring"] > rang
            # until a named person has signed: then it stops
            assert await leader.step(again, "acknowledge") == 200
            signed = await duty.detail(incident)
            assert signed["acknowledged"]["username"] == "leader"
            assert not [
                a
                for a in signed["actions"]
                if a["kind"] in ("page", "escalate") and a["state"] == "planned"
            ]
