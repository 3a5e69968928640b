"""The second factor over HTTP: enrolling, signing in with it, losing it."""

import base64

import pytest
from sqlalchemy import select

from linkage import schema as s
from linkage.accounts import totp
from linkage.accounts.settings import AccountSettings, SecondFactorPolicy
from tests.linkage.web_house import PASSWORD, house, sign_in

SESSION = "/api/v1/session"
FACTOR = "/api/v1/second-factor"


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        await h.person("shift", "shift-leader")
        await h.person("admin", "administrator")
        yield h


@pytest.fixture
async def strict(tmp_path):
    settings = AccountSettings(second_factor=SecondFactorPolicy.REQUIRED)
    async with house(tmp_path, accounts=settings) as h:
        await h.person("shift", "shift-leader")
        await h.person("duty", "duty-officer")
        yield h


def code_now(town, secret, steps=0):
    now_ms = int(town.clock.now().timestamp() * 1000)
    return totp.code_of(secret, totp.step_of(now_ms) + steps)


async def enrol(town, browser):
    """The secret and the recovery codes."""
    begun = await (await browser.post(FACTOR, json={"password": PASSWORD})).json()
    secret = base64.b32decode(begun["secret"] + "=" * (-len(begun["secret"]) % 8))
    async with browser.post(f"{FACTOR}/confirm", json={"code": code_now(town, secret)}) as answer:
        assert answer.status == 200, await answer.text()
        return secret, (await answer.json())["codes"]


async def with_code(browser, code, username="shift"):
    body = {"username": username, "password": PASSWORD, "otp": code}
    answer = await browser.post(SESSION, json=body)
    return answer.status, {} if answer.status == 204 else await answer.json()


async def test_enrolling_shows_the_secret_once_and_seals_it(town):
    async with town.browser("shift") as browser:
        begun = await (await browser.post(FACTOR, json={"password": PASSWORD})).json()
        assert begun["uri"].startswith("otpauth://totp/")
        assert begun["qr"].startswith("data:image/svg+xml")
        assert (await (await browser.get(FACTOR)).json())["enrolled_since"] is None
    row = (await town.database.read(lambda c: c.execute(select(s.second_factors)).all()))[0]
    secret = base64.b32decode(begun["secret"] + "=" * (-len(begun["secret"]) % 8))
    assert secret not in row.pending_sealed
    assert row.secret_sealed is None


async def test_until_a_code_was_confirmed_signing_in_is_as_before(town):
    async with town.browser("shift") as browser:
        await browser.post(FACTOR, json={"password": PASSWORD})
        wrong = await browser.post(f"{FACTOR}/confirm", json={"code": "000000"})
        assert wrong.status == 409
    async with town.browser() as browser:
        assert (await sign_in(browser, "shift")).status == 204


async def test_with_a_second_factor_the_password_alone_opens_nothing(town):
    async with town.browser("shift") as browser:
        secret, _codes = await enrol(town, browser)
    town.clock.move(30)
    async with town.browser() as browser:
        asked = await sign_in(browser, "shift")
        assert asked.status == 401
        assert (await asked.json())["second_factor"] == "asked"
        assert "Set-Cookie" not in asked.headers
        assert await with_code(browser, code_now(town, secret)) == (204, {})
        assert (await browser.get("/api/v1/me")).status == 200


async def test_without_the_password_nobody_learns_that_there_is_a_second_factor(town):
    async with town.browser("shift") as browser:
        await enrol(town, browser)
    async with town.browser() as browser:
        wrong = await (await sign_in(browser, "shift", "wrong password")).json()
        nobody = await (await sign_in(browser, "nobody", "wrong password")).json()
    assert wrong == nobody
    assert "second_factor" not in wrong


async def test_a_code_is_good_once_also_the_one_it_was_enrolled_with(town):
    async with town.browser("shift") as browser:
        secret, _codes = await enrol(town, browser)
    async with town.browser() as browser:
        status, problem = await with_code(browser, code_now(town, secret))
        assert (status, problem["second_factor"]) == (401, "wrong")
        town.clock.move(30)
        code = code_now(town, secret)
        assert (await with_code(browser, code))[0] == 204
        assert (await with_code(browser, code))[0] == 401


async def test_a_recovery_code_is_good_once_however_it_is_typed(town):
    async with town.browser("shift") as browser:
        _secret, codes = await enrol(town, browser)
    assert len(set(codes)) == 10
    async with town.browser() as browser:
        assert (await with_code(browser, codes[0].replace("-", " ").lower()))[0] == 204
        assert (await (await browser.get(FACTOR)).json())["recovery_left"] == 9
        assert (await with_code(browser, codes[0]))[0] == 401
        assert (await with_code(browser, codes[1]))[0] == 204
    kept = await town.database.read(lambda c: c.scalars(select(s.recovery_codes.c.code_mac)).all())
    assert not set(codes) & set(kept)


async def test_enrolling_anew_makes_the_old_codes_void(town):
    async with town.browser("shift") as browser:
        old_secret, old_codes = await enrol(town, browser)
        town.clock.move(60)
        secret, _codes = await enrol(town, browser)
    town.clock.move(60)
    async with town.browser() as browser:
        assert (await with_code(browser, code_now(town, old_secret)))[0] == 401
        assert (await with_code(browser, old_codes[0]))[0] == 401
        assert (await with_code(browser, code_now(town, secret)))[0] == 204


async def test_guessing_codes_is_held_back_and_the_password_alone_is_no_way_around(town):
    async with town.browser("shift") as browser:
        await enrol(town, browser)
    async with town.browser() as browser:
        for _ in range(4):
            assert (await with_code(browser, "000000"))[0] == 401
            assert (await sign_in(browser, "shift")).status == 401
        assert (await with_code(browser, "000000"))[0] == 401
        assert (await with_code(browser, "000000"))[0] == 429


async def test_who_asks_to_enrol_must_know_the_password(town):
    async with town.browser("shift") as browser:
        refused = await browser.post(FACTOR, json={"password": "wrong password"})
        assert refused.status == 403
    assert [e["action"] for e in await town.audited()][-1] == "sign-in-failed"


async def test_the_secret_must_be_confirmed_within_a_quarter_of_an_hour(town):
    async with town.browser("shift") as browser:
        begun = await (await browser.post(FACTOR, json={"password": PASSWORD})).json()
        secret = base64.b32decode(begun["secret"] + "=" * (-len(begun["secret"]) % 8))
        town.clock.move(16 * 60)
        late = await browser.post(f"{FACTOR}/confirm", json={"code": code_now(town, secret)})
        assert late.status == 409


async def test_everything_about_it_is_audited_and_no_secret_is(town):
    async with town.browser("shift") as browser:
        secret, codes = await enrol(town, browser)
    town.clock.move(30)
    async with town.browser() as browser:
        await with_code(browser, "123456")
        await with_code(browser, code_now(town, secret))
        await with_code(browser, codes[0])
    entries = await town.audited()
    told = [
        (e["action"], e["detail"].get("what") or e["detail"].get("second_factor")) for e in entries
    ]
    assert told == [
        ("sign-in", None),
        ("change", "second factor begun"),
        ("change", "second factor enrolled"),
        ("sign-in-failed", None),
        ("sign-in", "code"),
        ("sign-in", "recovery"),
    ]
    assert totp.secret_text(secret) not in str(entries)
    assert codes[0] not in str(entries)


async def test_where_it_is_required_configuring_and_exporting_wait_and_alarms_do_not(strict):
    await strict.incident("i-1")
    async with strict.browser("shift") as browser:
        me = await (await browser.get("/api/v1/me")).json()
        assert me["second_factor"] == {"enrolled": False, "policy": "required", "recovery_left": 0}
        assert "incident.acknowledge" in me["permissions"]
        assert "registry.export" not in me["permissions"]
        refused = await browser.get("/api/v1/registry/export.xlsx?reason=x")
        assert refused.status == 403
        assert (await refused.json())["second_factor"] == "enrol"
        signed = await browser.post(
            "/api/v1/incidents/i-1/acknowledge", json={}, headers={"If-Match": "1"}
        )
        assert signed.status == 200
        await enrol(strict, browser)
        me = await (await browser.get("/api/v1/me")).json()
        assert "registry.export" in me["permissions"]


async def test_who_neither_configures_nor_exports_is_asked_for_nothing(strict):
    async with strict.browser("duty") as browser:
        me = await (await browser.get("/api/v1/me")).json()
        assert me["second_factor"]["policy"] is None
        assert "registry.unmask" in me["permissions"]


async def test_an_administrator_resets_it_for_a_reason_and_the_sessions_end(town):
    async with town.browser("shift") as browser, town.browser("admin") as admin:
        await enrol(town, browser)
        path = "/api/v1/accounts/shift/second-factor/reset"
        assert (await admin.post(path, json={"reason": " "})).status == 422
        assert (await admin.post(path, json={"reason": "手机丢失，当面核实"})).status == 204
        assert (await browser.get("/api/v1/me")).status == 401
        assert (await sign_in(browser, "shift")).status == 204
    entry = (await town.audited())[-2]
    assert (entry["actor"], entry["object"]) == ("admin", "account:shift")
    assert entry["detail"]["reason"].startswith("sealed:")
