"""The event stream: what it sends, where it goes on, when it ends."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from camerad.model import CameraHealth, CameraState
from linkage import schema as s
from linkage.accounts import people
from linkage.web.board import BOARD
from linkage.web.counting import COUNTERS
from linkage.web.routes.stream import StreamLimits
from tests.linkage.web_house import WEST, house


@dataclass
class Event:
    name: str
    data: dict
    id: str | None


class Reader:
    """Reads server-sent events from an answer."""

    def __init__(self, answer):
        self._answer = answer
        self.pings = 0

    async def next(self, *names) -> Event:
        """The next event, of these names when given."""
        async with asyncio.timeout(10):
            while True:
                event = await self._one()
                if event is None:
                    raise EOFError
                if not names or event.name in names:
                    return event

    async def until_ping(self) -> None:
        async with asyncio.timeout(10):
            before = self.pings
            while self.pings == before:
                await self._one(stop_at_ping=True)

    async def end(self) -> None:
        """Return when the stream has ended."""
        async with asyncio.timeout(10):
            while await self._one() is not None:
                pass

    async def _one(self, *, stop_at_ping=False) -> Event | None:
        fields = {}
        while line := await self._answer.content.readline():
            text = line.decode().rstrip("\n")
            if text == ": ping":
                self.pings += 1
                if stop_at_ping:
                    return None
            elif text == "" and "event" in fields:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
            elif ": " in text and not text.startswith(":"):
                key, _, value = text.partition(": ")
                fields[key] = value
        return None


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        yield h


@pytest.fixture
async def strict_town(tmp_path):
    """A town whose streams are cut short early."""
    limits = StreamLimits(furthest_behind=3, slowest_write_s=0.2)
    async with house(tmp_path, stream_limits=limits) as h:
        await h.person("duty", "duty-officer")
        yield h


@asynccontextmanager
async def following(town, browser, after=None):
    query = "" if after is None else f"?last_event_id={after}"
    async with browser.get(f"/api/v1/stream{query}") as answer:
        assert answer.status == 200
        yield Reader(answer)


async def test_a_new_stream_begins_with_the_system_and_the_cameras_as_they_are(town):
    await town.incident("before")
    async with town.browser("duty") as browser, following(town, browser) as events:
        first = await events.next()
        cameras = [await events.next() for _ in range(4)]
    assert first.name == "system"
    assert first.data["cameras"]["watching"] == 1
    assert {c.name for c in cameras} == {"camera"}
    assert {c.data["id"] for c in cameras} == {"cam-east", "cam-west", "cam-down", "cam-home"}


async def test_a_new_stream_says_at_once_where_to_come_back_to(town):
    seen = await town.incident("before")
    async with town.browser("duty") as browser:
        async with following(town, browser) as events:
            first = await events.next()
        await town.incident("meanwhile")
        async with following(town, browser, first.id) as events:
            missed = await events.next("incident")
    assert first.id == str(seen)
    assert missed.data["id"] == "meanwhile"


async def test_the_answer_is_not_to_be_kept_or_held_up_by_a_proxy(town):
    async with town.browser("duty") as browser, browser.get("/api/v1/stream") as answer:
        assert answer.content_type == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_new_incident_comes_at_once_as_the_list_shows_it(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        position = await town.incident("a")
        event = await events.next("incident")
        (listed,) = (await (await browser.get("/api/v1/incidents")).json())["items"]
    assert event.id == str(position)
    assert event.data == listed


async def test_a_stream_goes_on_after_the_last_event_seen_without_a_gap(town):
    await town.incident("a")
    seen = await town.incident("b")
    await town.incident("c")
    await town.change("a")
    last = await town.change("c")
    async with town.browser("duty") as browser, following(town, browser, seen) as events:
        missed = [await events.next("incident") for _ in range(2)]
    # each once, as it is now, in the order of the last change
    assert [(e.data["id"], e.data["version"]) for e in missed] == [("a", 2), ("c", 2)]
    assert missed[-1].id == str(last)


async def test_the_browsers_own_header_resumes_too(town):
    seen = await town.incident("a")
    await town.incident("b")
    async with town.browser("duty") as browser:
        headers = {"Last-Event-ID": str(seen)}
        async with browser.get("/api/v1/stream?last_event_id=0", headers=headers) as answer:
            event = await Reader(answer).next("incident")
    assert event.data["id"] == "b"


async def test_from_the_lists_position_nothing_is_missed_and_nothing_comes_twice(town):
    await town.incident("a")
    async with town.browser("duty") as browser:
        listed = await browser.get("/api/v1/incidents")
        position = listed.headers["X-Stream-Position"]
        await town.incident("b")
        async with following(town, browser, position) as events:
            assert (await events.next("incident")).data["id"] == "b"
            await town.incident("c")
            assert (await events.next("incident")).data["id"] == "c"


async def test_a_change_by_another_process_is_seen_by_looking(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        await town.incident("a", quiet=True)
        assert (await events.next("incident")).data["id"] == "a"


async def test_a_village_hears_of_its_own_incidents_and_cameras_only(town):
    await town.person("head", "village-head", [WEST])
    async with town.browser("head") as browser, following(town, browser) as events:
        assert (await events.next("camera")).data["id"] == "cam-west"
        await town.incident("east")
        await town.incident("west", village_id=WEST, household_id="xicun-017")
        assert (await events.next("camera", "incident")).data["id"] == "west"


async def test_a_camera_is_told_of_when_its_state_changes_not_with_every_frame(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        for _ in range(4):
            await events.next("camera")
        east = town.health["cam-east"]
        now = east.since
        town.health["cam-east"] = CameraHealth(
            "cam-east", CameraState.WATCHING, "", "", now, frames_per_s=4.9, newest_frame_age_s=0.3
        )
        town.clock.move(2)
        await town.incident("a")
        await events.next("incident")
        town.health["cam-east"] = CameraHealth(
            "cam-east", CameraState.DOWN, "hung", "No picture.", now
        )
        town.clock.move(2)
        told = [await events.next(), await events.next()]
    assert [e.name for e in told] == ["system", "camera"]
    assert told[0].data["cameras"]["down"] == 1
    assert (told[1].data["state"], told[1].data["reason"]) == ("down", "hung")


async def test_a_camera_that_was_taken_out_of_service_is_told_to_be_gone(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        for _ in range(4):
            await events.next("camera")
        await town.database.write(
            lambda conn: conn.execute(
                s.cameras.update().where(s.cameras.c.id == "cam-west").values(enabled=False)
            )
        )
        await town.app[BOARD].refresh()
        town.clock.move(2)
        assert (await events.next("camera_gone")).data == {"id": "cam-west"}


async def test_a_quiet_stream_is_kept_alive_by_pings(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        town.clock.move(16)
        await events.until_ping()


async def test_too_far_behind_means_fetch_again_and_then_it_goes_on(strict_town):
    town = strict_town
    for number in range(5):
        last = await town.incident(f"i{number}")
    async with town.browser("duty") as browser, following(town, browser, 0) as events:
        told = await events.next("resync", "incident")
        await town.incident("new")
        after = await events.next("resync", "incident")
    assert (told.name, told.data, told.id) == ("resync", {}, str(last))
    assert after.data["id"] == "new"
    assert town.app[COUNTERS].resyncs._value.get() == 1


async def test_a_position_the_store_never_had_means_fetch_again(town):
    await town.incident("a")
    async with town.browser("duty") as browser, following(town, browser, 999) as events:
        assert (await events.next("resync", "incident")).name == "resync"


async def test_signing_out_ends_the_streams_of_the_session(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        await browser.delete("/api/v1/session")
        town.clock.move(3)
        await events.end()


async def test_a_session_that_runs_out_ends_its_streams(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        town.clock.move(12 * 3600 + 1)
        await events.end()


async def test_a_shut_account_gets_no_more_events(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        await town.database.write(lambda conn: people.set_enabled(conn, "duty", enabled=False))
        town.clock.move(3)
        await events.end()


async def test_narrowed_places_end_the_stream_that_had_the_wide_ones(town):
    async with town.browser("duty") as browser, following(town, browser) as events:
        await events.next("system")
        narrowed = update(s.accounts).values(places=json.dumps([WEST]))
        await town.database.write(lambda conn: conn.execute(narrowed))
        town.clock.move(3)
        await events.end()


async def test_a_console_that_takes_nothing_is_cut_and_counted(strict_town):
    town = strict_town
    async with town.browser("duty") as browser:
        (cookie,) = [c for c in browser.cookie_jar if c.key == "lianfang_session"]
    host, _, port = town.url.removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    request = (
        f"GET /api/v1/stream?last_event_id=0 HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Cookie: lianfang_session={cookie.value}\r\n\r\n"
    )
    writer.write(request.encode())
    dropped = town.app[COUNTERS].streams_dropped._value
    await reader.readuntil(b"event: system")
    # a reader of 1 KiB that nobody empties: the server's buffers fill up
    async with asyncio.timeout(60):
        for number in range(400):
            if dropped.get():
                break
            await town.incident(f"i{number}", plan="p", number=f"{number}")
            await fill(town, f"i{number}")
    writer.close()
    assert dropped.get() == 1


async def fill(town, incident_id):
    """Make the incident's item large."""
    rows = [
        {"incident_id": incident_id, "camera_id": f"camera-{n:04}-{'x' * 50}"} for n in range(900)
    ]

    def write(conn):
        conn.execute(s.incident_cameras.insert(), rows)

    await town.database.write(write)
    await town.change(incident_id)


async def test_stopping_the_server_ends_the_streams_within_seconds(tmp_path):
    loop = asyncio.get_running_loop()
    async with house(tmp_path) as h:
        await h.person("duty", "duty-officer")
        async with h.browser("duty") as browser, following(h, browser) as events:
            await events.next("system")
            began = loop.time()
            await h.server.close()
            assert loop.time() - began < 3
            await events.end()
