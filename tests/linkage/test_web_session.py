"""Signing in and out, cookies, cross-site calls, the sign-in gate."""

import asyncio
import contextlib

import aiohttp
import pytest
from yarl import URL

from linkage.accounts import people, sessions
from tests.linkage.web_house import PASSWORD, house, sign_in


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path, demo_button_page="http://127.0.0.1:8081/") as h:
        await h.person("duty", "duty-officer")
        yield h


async def test_a_right_password_gives_a_cookie_that_scripts_cannot_read(town):
    async with town.browser() as browser:
        answer = await sign_in(browser, "duty")
    assert answer.status == 204
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


async def test_off_loopback_the_cookie_is_secure(town):
    async with town.browser() as browser:
        answer = await sign_in(browser, "duty", headers={"Host": "console.example"})
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_me_tells_who_is_signed_in_where_and_with_what_rights(town):
    async with town.browser("duty") as browser:
        me = await (await browser.get("/api/v1/me")).json()
    assert me["username"] == "duty"
    assert me["display_name"] == "duty 显示名"
    assert me["role"] == "duty-officer"
    assert me["places"] == ["*"]
    assert "incident.acknowledge" in me["permissions"]
    assert "incident.review" not in me["permissions"]
    assert me["site"] == {
        "name_zh": "示范镇",
        "name_en": "Demo town",
        "county": "示范县",
        "township": "",
        "time_zone": "Asia/Shanghai",
    }
    assert me["demo"] == {"button_page": "http://127.0.0.1:8081/"}
    assert me["version"] == "0.1.0"


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(town):
    async with town.browser() as browser:
        wrong = await sign_in(browser, "duty", "wrong password")
        unknown = await sign_in(browser, "nobody", "wrong password")
    assert (wrong.status, unknown.status) == (401, 401)
    assert await wrong.json() == await unknown.json()


async def test_good_and_bad_sign_ins_and_sign_outs_are_audited(town):
    async with town.browser() as browser:
        await sign_in(browser, "duty", "wrong password")
        await sign_in(browser, "my secret password", "x")
        await sign_in(browser, "duty")
        assert (await browser.delete("/api/v1/session")).status == 204
    entries = await town.audited()
    assert [(e["actor"], e["action"]) for e in entries] == [
        ("duty", "sign-in-failed"),
        ("unknown", "sign-in-failed"),
        ("duty", "sign-in"),
        ("duty", "sign-out"),
    ]
    assert entries[2]["address"] == "127.0.0.1"
    assert "my secret" not in str(entries)


async def test_after_signing_out_the_cookie_is_worth_nothing(town):
    async with town.browser("duty") as browser:
        (cookie,) = [c for c in browser.cookie_jar if c.key == "lianfang_session"]
        await browser.delete("/api/v1/session")
    async with town.browser() as thief:
        answer = await thief.get(
            "/api/v1/me", headers={"Cookie": f"lianfang_session={cookie.value}"}
        )
    assert answer.status == 401


async def test_a_session_ends_twelve_hours_after_its_last_use(town):
    async with town.browser("duty") as browser:
        town.clock.move(11 * 3600)
        assert (await browser.get("/api/v1/me")).status == 200
        town.clock.move(11 * 3600)
        assert (await browser.get("/api/v1/me")).status == 200
        town.clock.move(12 * 3600 + 1)
        assert (await browser.get("/api/v1/me")).status == 401


async def test_a_disabled_account_is_out_at_once_and_cannot_come_in(town):
    async with town.browser("duty") as browser:
        await town.database.write(lambda conn: people.set_enabled(conn, "duty", enabled=False))
        assert (await browser.get("/api/v1/me")).status == 401
        assert (await sign_in(browser, "duty")).status == 401


async def test_tries_are_held_back_after_five_failures_and_even_the_right_password_waits(town):
    async with town.browser() as browser:
        statuses = [(await sign_in(browser, "duty", "wrong wrong")).status for _ in range(5)]
        held = await sign_in(browser, "duty")
        town.clock.move(float(held.headers["Retry-After"]))
        after = await sign_in(browser, "duty")
    assert statuses == [401] * 5
    assert held.status == 429
    assert after.status == 204


async def test_the_wait_grows_with_every_further_failure(town):
    waits = []
    async with town.browser() as browser:
        for _ in range(4):
            await sign_in(browser, "duty", "wrong wrong")
        for _ in range(3):
            await sign_in(browser, "duty", "wrong wrong")
            held = await sign_in(browser, "duty", "wrong wrong")
            waits.append(int(held.headers["Retry-After"]))
            town.clock.move(waits[-1])
    assert waits == [5, 10, 20]


async def test_a_changing_call_with_a_cookie_needs_the_pages_own_header(town):
    async with town.browser("duty") as browser:
        answer = await browser.delete("/api/v1/session", headers={"X-Requested-With": "other"})
        assert answer.status == 403
        assert (await browser.get("/api/v1/me")).status == 200


async def test_a_changing_call_from_another_sites_page_is_refused(town):
    async with town.browser("duty") as browser:
        answer = await browser.delete(
            "/api/v1/session", headers={"Origin": "https://elsewhere.example"}
        )
    assert answer.status == 403


async def test_a_browser_cannot_be_made_to_sign_in_by_another_page(town):
    async with aiohttp.ClientSession(town.url) as session:
        answer = await sign_in(session, "duty", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


async def test_a_program_without_browser_headers_may_sign_in_with_a_password(town):
    async with aiohttp.ClientSession(town.url) as session:
        answer = await sign_in(session, "duty", PASSWORD)
    assert answer.status == 204


async def test_a_body_that_is_not_what_is_asked_for_gets_one_clear_problem(town):
    async with town.browser() as browser:
        unknown = await browser.post(
            "/api/v1/session", json={"username": "duty", "password": "x", "admin": True}
        )
        broken = await browser.post(
            "/api/v1/session", data=b"{", headers={"Content-Type": "application/json"}
        )
        form = await browser.post("/api/v1/session", data={"username": "duty"})
        huge = await browser.post("/api/v1/session", json={"username": "x" * 70_000})
    assert [a.status for a in (unknown, broken, form, huge)] == [422, 400, 415, 413]
    assert unknown.content_type == "application/problem+json"
    problem = await unknown.json()
    assert problem["status"] == 422
    assert "admin" in problem["detail"]


async def test_presence_counts_for_thirty_seconds_and_only_with_sound_and_sight(town):
    async def present():
        now_ms = int(town.clock.now().timestamp() * 1000)
        return await town.database.read(lambda conn: sessions.officers_present(conn, now_ms=now_ms))

    async with town.browser("duty") as browser:
        assert await present() == []
        await browser.post("/api/v1/presence", json={"sound": "locked", "visible": True})
        assert await present() == []
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": False})
        assert await present() == []
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        assert await present() == ["duty"]
        town.clock.move(31)
        assert await present() == []


async def test_every_answer_carries_the_security_headers(town):
    async with town.browser() as browser:
        for path in ("/healthz", "/api/v1/me", "/", "/nothing/here"):
            headers = (await browser.get(path)).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_nothing_that_is_said_of_anybody_stays_in_a_cache(town):
    async with town.browser("duty") as browser:
        for path in ("me", "incidents", "sessions", "second-factor"):
            assert (await browser.get(f"/api/v1/{path}")).headers["Cache-Control"] == "no-store"


async def test_the_cookie_is_this_hosts_alone_and_a_new_one_each_time(town):
    async with town.browser() as browser:
        first = (await sign_in(browser, "duty")).headers["Set-Cookie"]
        again = (await sign_in(browser, "duty")).headers["Set-Cookie"]
    assert "domain" not in first.lower()
    assert first.split(";")[0] != again.split(";")[0]
    async with town.browser() as thief:
        cookie = {"Cookie": first.split(";")[0]}
        assert (await thief.get("/api/v1/me", headers=cookie)).status == 401


async def test_names_tried_from_one_address_are_held_back_whoever_they_are(town):
    async with town.browser() as browser:
        statuses = [(await sign_in(browser, f"name{n}", "wrong wrong")).status for n in range(21)]
    assert statuses == [401] * 20 + [429]


@pytest.mark.parametrize(
    "header", [b"Cookie: lianfang_session=\xe9", b"Authorization: Bearer \xe9"]
)
async def test_a_secret_that_is_no_text_is_nobodys(town, header):
    reader, writer = await asyncio.open_connection(URL(town.url).host, URL(town.url).port)
    with contextlib.closing(writer):
        writer.write(b"GET /api/v1/me HTTP/1.1\r\nHost: town\r\n" + header + b"\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"401"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "me", None, 405),
        ("GET", "nosuch", None, 404),
        ("POST", "session", {"username": "a", "password": "x" * 500_000}, 413),
        ("POST", "session", {"username": 1, "password": "x"}, 422),
        ("GET", "me", None, 401),
    ],
)
async def test_every_refusal_says_why_in_chinese_first(town, method, path, body, status):
    async with town.browser(None if status == 401 else "duty") as browser:
        answer = await browser.request(method, f"/api/v1/{path}", json=body)
        problem = await answer.json()
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert "\u4e00" <= problem["detail"][0] <= "\u9fff", problem
