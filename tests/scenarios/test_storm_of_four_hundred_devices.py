"""400 devices, each on its own connection with its own login, press within 2 s.

The same with 4 000 devices within 10 s is in tests/soak (`make soak`).
"""

from pathlib import Path

import pytest

from tests.scenarios.load import assert_told_the_truth, linked, load_on, watching_readyz
from tests.scenarios.load_clients import Storm
from tests.scenarios.load_site import GuardedMosquitto, load_site

DEVICES = 400


@pytest.mark.alone
@pytest.mark.timeout(120)
async def test_every_press_of_a_storm_is_kept_once_and_readyz_answers(tmp_path: Path) -> None:
    async with load_site(tmp_path, devices=DEVICES) as site, load_on(site) as load:
        await site.start()
        assert await load.connect() == DEVICES
        assert isinstance(site.broker, GuardedMosquitto)
        counted = await site.broker.clients_connected(at_least=DEVICES + 2)
        assert counted == DEVICES + 2  # and the service, and whoever counts
        async with watching_readyz(site) as watch:
            pressed = await load.storm(Storm(over_s=2.0, repeated=0.05, forged=0.02))
        await linked(site)
        assert await site.stop() == 0
        assert_told_the_truth(site, pressed)
        assert (watch.failed, watch.not_ready) == (0, 0)
        assert watch.worst_s < 1.0
