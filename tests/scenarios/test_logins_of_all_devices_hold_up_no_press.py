"""After a power cut every device logs in at once; who presses meanwhile is answered in time.

The long form, with 4 000 devices and its figures, is `python -m benchmarks.login_rush`.
"""

from pathlib import Path

import pytest

from tests.scenarios.load import load_on
from tests.scenarios.load_site import load_site
from tests.scenarios.login_rush import PRESSERS, rush

DEVICES = 400
ANSWERED_WITHIN_S = 1.0


@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
async def test_a_press_during_four_hundred_logins_is_answered_within_a_second(
    tmp_path: Path, broker: str
) -> None:
    async with (
        load_site(tmp_path, devices=DEVICES + PRESSERS, broker=broker) as site,
        load_on(site, devices=DEVICES) as load,
    ):
        await site.start()
        seen = await rush(site, load)
        slowest = f"{max(seen.meanwhile_s):.3f} s, before {max(seen.before_s):.3f} s"
        print(f"{seen.logins} logins in {seen.took_s:.1f} s; slowest press {slowest}")  # noqa: T201
        assert seen.logins == DEVICES
        assert sorted(seen.meanwhile_s)[len(seen.meanwhile_s) * 9 // 10] < ANSWERED_WITHIN_S
        assert await site.stop() == 0
