"""The duty screen's session ends in the night; the page would stand there and never ring."""

import asyncio

from sqlalchemy import Connection, update

from linkage.schema import sessions
from tests.scenarios.house import House, Officer


async def test_its_stream_ends_the_api_says_401_and_the_next_person_is_called(
    site: House, duty: Officer
) -> None:
    async with duty.session.get("/api/v1/stream") as stream:
        assert stream.status == 200
        await stream.content.readline()
        database = site.database()

        def expire(conn: Connection) -> None:
            conn.execute(
                update(sessions).where(sessions.c.username == "duty").values(expires_at_ms=1)
            )

        await database.write(expire)
        await database.close()
        async with asyncio.timeout(15):
            while await stream.content.readline():
                pass  # what was under way, until the server ends it
    async with duty.session.get("/api/v1/incidents") as answer:
        assert answer.status == 401
    async with site.client() as leader, site.button() as button:
        await leader.sign_in("leader")
        await leader.here()
        outcome = await button.press(timeout_s=20)
        await leader.sees_called(await leader.incident_of(outcome.alarm), "leader")
