"""Sessions listed and ended, locked screens, accounts that end by themselves, own passwords."""

import json
from datetime import timedelta

import pytest

from lianfang_timing import unix_ms
from linkage import people as calling
from linkage.accounts import people, sessions
from linkage.accounts.settings import AccountSettings
from linkage.duty.attendance import read_attendance
from linkage.strict_toml import Duration
from tests.linkage.web_house import EAST, PASSWORD, house, sign_in

SESSIONS = "/api/v1/sessions"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, accounts=AccountSettings(lock_after=Duration(900.0))) as h:
        await h.person("duty", "duty-officer")
        await h.person("admin", "administrator")
        await h.person("east-admin", "administrator", [EAST])
        yield h


async def mine(browser):
    return (await (await browser.get(SESSIONS)).json())["items"]


async def events(answer):
    """(event, data) of a stream, until it ends."""
    event = None
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            event = text[7:]
        elif text.startswith("data: "):
            yield event, json.loads(text[6:])


async def test_one_sees_where_one_is_signed_in(town):
    async with town.browser("duty") as here, town.browser("duty") as there:
        found = await mine(here)
        assert [one["mine"] for one in found].count(True) == 1
        assert len(found) == 2
        assert all(one["address"] == "127.0.0.1" for one in found)
        assert "aiohttp" in found[0]["browser"]
        await there.delete("/api/v1/session")
        assert len(await mine(here)) == 1


async def test_a_session_of_ones_own_is_ended_from_elsewhere(town):
    async with town.browser("duty") as here, town.browser("duty") as there:
        (other,) = [one for one in await mine(here) if not one["mine"]]
        assert (await here.post(f"{SESSIONS}/{other['id']}/end")).status == 204
        assert (await there.get("/api/v1/me")).status == 401
        assert (await here.get("/api/v1/me")).status == 200
    entry = (await town.audited())[-1]
    assert (entry["action"], entry["object"]) == ("session-end", "account:duty")


async def test_an_administrator_ends_sessions_of_others_inside_their_places_only(town):
    async with town.browser("duty") as duty:
        async with town.browser("east-admin") as limited:
            seen = await limited.get("/api/v1/accounts/duty/sessions")
            assert seen.status == 404
            (own,) = await mine(duty)
            assert (await limited.post(f"{SESSIONS}/{own['id']}/end")).status == 404
        async with town.browser("admin") as admin:
            items = (await (await admin.get("/api/v1/accounts/duty/sessions")).json())["items"]
            assert (await admin.post(f"{SESSIONS}/{items[0]['id']}/end")).status == 204
        assert (await duty.get("/api/v1/me")).status == 401


async def test_nobody_without_the_right_ends_a_session_of_another(town):
    async with town.browser("admin") as admin, town.browser("duty") as duty:
        (own,) = await mine(admin)
        assert (await duty.post(f"{SESSIONS}/{own['id']}/end")).status == 404
        assert (await duty.get("/api/v1/accounts/admin/sessions")).status == 403
        assert (await admin.get("/api/v1/me")).status == 200


async def test_the_open_page_of_an_ended_session_is_told_at_once(town):
    async with town.browser("duty") as here, town.browser("duty") as there:
        answer = await there.get("/api/v1/stream")
        following = events(answer)
        await anext(following)
        (other,) = [one for one in await mine(here) if not one["mine"]]
        # the clock stands still: nothing but the ending itself makes the stream look
        await here.post(f"{SESSIONS}/{other['id']}/end")
        names = [event async for event, _ in following]
        assert names[-1] == "ended"


async def test_a_locked_session_is_told_of_alarms_and_not_whose_they_are(town):
    await town.incident("i-1")
    async with town.browser("duty") as browser:
        assert (await browser.post("/api/v1/session/lock")).status == 204
        assert (await (await browser.get("/api/v1/me")).json())["locked"] is True
        page = await (await browser.get("/api/v1/incidents?state=open")).json()
        (one,) = page["items"]
        assert (one["kind"], one["ring"]) == ("panic", 1)
        assert (one["place"]["village"], one["place"]["group"]) == ("东村", "东村3组")
        assert one["place"]["household"] is None
        assert one["number"] == ""
        assert "017" not in json.dumps(one)
        answer = await browser.get("/api/v1/stream?last_event_id=0")
        async for event, data in events(answer):
            if event == "incident":
                assert data == one
                break
        answer.close()


async def test_a_locked_session_opens_nothing_else(town):
    await town.incident("i-1")
    async with town.browser("duty") as browser:
        await browser.post("/api/v1/session/lock")
        for path in (
            "incidents/i-1", "incidents", "incidents?state=closed", "incidents?state=open&number=1",
            "cameras", "alarms", "registry/households", "sessions", "second-factor",
        ):  # fmt: skip
            assert (await browser.get(f"/api/v1/{path}")).status == 423, path
        acknowledge = await browser.post(
            "/api/v1/incidents/i-1/acknowledge", json={}, headers={"If-Match": "1"}
        )
        assert acknowledge.status == 423
        assert (await browser.get("/api/v1/system")).status == 200


async def test_locking_ends_the_stream_that_showed_more(town):
    async with town.browser("duty") as browser:
        answer = await browser.get("/api/v1/stream")
        following = events(answer)
        await anext(following)
        await browser.post("/api/v1/session/lock")
        assert [event async for event, _ in following][-1] == "ended"


async def test_a_locked_screen_is_nobodys_presence(town):
    async def present():
        now_ms = unix_ms(town.clock.now())
        return await town.database.read(
            lambda conn: (
                sessions.officers_present(conn, now_ms=now_ms),
                sorted(calling.attended_usernames(conn, now_ms)),
            )
        )

    async with town.browser("duty") as browser:
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        assert await present() == (["duty"], ["duty"])
        await browser.post("/api/v1/session/lock")
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        assert await present() == ([], [])
        await browser.post("/api/v1/session/unlock", json={"password": PASSWORD})
        assert await present() == (["duty"], ["duty"])


async def test_locking_the_last_console_leaves_the_chair_empty_and_is_no_page_that_fell_silent(
    town,
):
    async def seen():
        return await town.database.read(lambda conn: read_attendance(conn, town.clock.now()))

    async with town.browser("duty") as browser:
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        there = await seen()
        assert (there.uncovered, there.silent_since) == (frozenset(), town.clock.now())
        await browser.post("/api/v1/session/lock")
        gone = await seen()
        assert (gone.uncovered, gone.silent_since) == ({"*"}, None)


async def test_it_is_unlocked_by_the_password_and_guessing_is_held_back(town):
    async with town.browser("duty") as browser:
        await browser.post("/api/v1/session/lock")
        unlock = "/api/v1/session/unlock"
        assert (await browser.post(unlock, json={})).status == 403
        for _ in range(4):
            assert (await browser.post(unlock, json={"password": "wrong"})).status == 403
        held = await browser.post(unlock, json={"password": PASSWORD})
        assert held.status == 429
        town.clock.move(float(held.headers["Retry-After"]))
        assert (await browser.post(unlock, json={"password": PASSWORD})).status == 204
        assert (await browser.get("/api/v1/cameras")).status == 200
    actions = [e["action"] for e in await town.audited()]
    assert actions == ["sign-in", "lock", *["unlock-failed"] * 5, "unlock"]


async def test_another_signs_in_at_a_locked_screen_or_leaves_it(town):
    async with town.browser("duty") as browser:
        await browser.post("/api/v1/session/lock")
        assert (await sign_in(browser, "admin")).status == 204
        assert (await (await browser.get("/api/v1/me")).json())["locked"] is False
        await browser.post("/api/v1/session/lock")
        assert (await browser.delete("/api/v1/session")).status == 204


async def test_the_page_is_told_when_to_lock_itself(town):
    async with town.browser("duty") as browser:
        assert (await (await browser.get("/api/v1/me")).json())["lock_after_s"] == 900.0


async def _fitter(town, **ends):
    hashed = await town.passwords.hash(PASSWORD)
    now = town.clock.now()
    await town.database.write(
        lambda conn: people.add(
            conn,
            "fitter",
            display_name="维修",
            unit="设备公司",
            role="shift-leader",
            places=["*"],
            password_hash=hashed,
            now_ms=unix_ms(now),
            expires_at_ms=unix_ms(now + timedelta(**ends)),
        )
    )


async def test_a_maintenance_account_ends_by_itself_and_its_sessions_with_it(town):
    await _fitter(town, hours=2)
    async with town.browser("fitter") as browser:
        me = await (await browser.get("/api/v1/me")).json()
        assert me["account_ends"] == "2026-11-21T22:00:00.000+08:00"
        answer = await browser.get("/api/v1/stream")
        following = events(answer)
        await anext(following)
        town.clock.move(2 * 3600)
        assert [event async for event, _ in following][-1] == "ended"
        assert (await browser.get("/api/v1/me")).status == 401
        refused = await sign_in(browser, "fitter")
        assert refused.status == 403
        assert "2026-11-21 22:00" in (await refused.json())["detail"]


async def test_using_it_does_not_carry_a_session_beyond_its_accounts_end(town):
    await _fitter(town, hours=13)
    async with town.browser("fitter") as browser:
        town.clock.move(6 * 3600)
        assert (await browser.get("/api/v1/me")).status == 200
        (own,) = await mine(browser)
        assert own["ends"] == "2026-11-22T09:00:00.000+08:00"


async def test_an_account_that_has_ended_is_called_by_nobody(town):
    await _fitter(town, hours=2)
    now_ms = unix_ms(town.clock.now())

    async def called(at_ms):
        found = await town.database.read(lambda conn: calling.people(conn, at_ms))
        return "fitter" in {person.username for person in found}

    assert await called(now_ms)
    assert not await called(now_ms + 2 * 3_600_000)


async def test_a_new_password_of_ones_own_ends_the_other_sessions(town):
    path = "/api/v1/me/password"
    async with town.browser("duty") as here, town.browser("duty") as there:
        wrong = {"password": "not it, sorry", "new": "another good phrase"}
        assert (await here.post(path, json=wrong)).status == 403
        short = {"password": PASSWORD, "new": "short"}
        assert (await here.post(path, json=short)).status == 422
        good = {"password": PASSWORD, "new": "another good phrase"}
        assert (await here.post(path, json=good)).status == 204
        assert (await here.get("/api/v1/me")).status == 200
        assert (await there.get("/api/v1/me")).status == 401
        assert (await sign_in(there, "duty")).status == 401
        assert (await sign_in(there, "duty", "another good phrase")).status == 204
