"""openapi.json says what the application does: whatever is asked, nothing breaks and nothing
comes that is not written there. The long form is in tests/soak.
"""

import asyncio
from typing import Any

import pytest

from tests.linkage.api_probe import ENDLESS, Probe
from tests.linkage.test_web_rights import THINGS, routes_of, town
from tests.linkage.web_house import EAST, PASSWORD

__all__ = ["town"]
PEOPLE = {"admin": "administrator", "shift": "shift-leader"}
MORE_THINGS = {
    "/api/v1/registry/villages/{id}": EAST,
    "/api/v1/registry/grids/{id}": f"{EAST}-g1",
    "/api/v1/registry/groups/{id}": f"{EAST}-t3",
    "/api/v1/registry/households/{id}": f"{EAST}-017",
}
EXAMPLES = 3


async def probed(house: Any, *, examples: int, seed: int = 1) -> Probe:
    """Every operation has been called, by these people, as the description allows and forbids."""
    for name, role in PEOPLE.items():
        await house.person(name, role)
    probe = Probe(
        house.url.rstrip("/"),
        dict.fromkeys(PEOPLE, PASSWORD),
        THINGS | MORE_THINGS,
        examples=examples,
        pass_time=lambda: house.clock.move(900),
        seed=seed,
    )
    await asyncio.to_thread(probe.run)
    return probe


@pytest.mark.timeout(300)
async def test_no_answer_breaks_the_description(town: Any) -> None:
    probe = await probed(town, examples=EXAMPLES)
    assert probe.wrong == {}
    assert set(probe.asked) == set(routes_of(town.app)) - ENDLESS - {"GET /{path}"}
