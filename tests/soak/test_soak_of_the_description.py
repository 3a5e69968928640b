"""The API held against its description, much longer than `make test` does."""

from pathlib import Path

import pytest

from tests.linkage.test_web_keeps_its_description import probed
from tests.linkage.test_web_rights import furnished

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", [2, 3])
async def test_whatever_is_asked_the_answer_is_described(tmp_path: Path, seed: int) -> None:
    async with furnished(tmp_path) as town:
        probe = await probed(town, examples=40, seed=seed)
    print(sum(map(len, probe.asked.values())), "calls")
    assert probe.wrong == {}
