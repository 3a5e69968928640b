"""A press recorded on the line and sent again six hours later, to a service started anew."""

from pathlib import Path

from sqlalchemy import update

from linkage.schema import incidents
from tests.scenarios.attacker import assert_still_answers, counted, press_topic, signed, stolen
from tests.scenarios.house import House
from tests.scenarios.load import linked
from tests.scenarios.load_site import load_site


async def test_it_is_answered_duplicate_and_opens_no_incident(tmp_path: Path) -> None:
    async with load_site(tmp_path, devices=20) as site:
        given = site.buttons[0].credentials
        recorded = signed(given, 7, 1)
        await site.start()
        async with stolen(site, 0) as device:
            device.wire.publish(press_topic(given), recorded)
            first = await device.reply()
        await linked(site)
        assert await site.stop() == 0
        _close_every_incident(site)
        await site.start("-m", "tests.scenarios.later", str(site.config), "6")
        async with stolen(site, 0) as attacker:
            attacker.wire.publish(press_topic(given), recorded)
            again = await attacker.reply()
        assert (first["state"], again["state"]) == ("received", "duplicate")
        assert (again["alarm"], again["time_ms"]) == (first["alarm"], first["time_ms"])
        assert counted(site, given.device) == {"alarms": 1, "incidents": 1}
        await assert_still_answers(site, 15)  # of another group
        assert await site.stop() == 0


def _close_every_incident(site: House) -> None:
    """As an officer did in the meantime: nothing is open that a replay could fold into."""
    database = site.database()
    database.write_now(lambda conn: conn.execute(update(incidents).values(stage="closed")))
    database.close_now()
