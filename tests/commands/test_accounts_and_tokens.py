"""`lianfang user` and `lianfang token`: who may come in."""

import argparse
from pathlib import Path

import aiohttp

from linkage.commands import user
from tests.commands.running import lianfang, lines_of
from tests.scenarios.house import House

GOOD = "a long enough pass phrase"


async def status_of_sign_in(site: House, username: str, password: str) -> int:
    body = {"username": username, "password": password}
    async with (
        aiohttp.ClientSession(headers={"X-Requested-With": "lianfang"}) as http,
        http.post(f"{site.url}/api/v1/session", json=body) as answer,
    ):
        return answer.status


async def test_a_new_account_signs_in_and_is_listed(served_site: House) -> None:
    config = served_site.config
    added = lianfang(
        "user",
        "add",
        "night",
        "--config",
        config,
        "--role",
        "duty-officer",
        "--place",
        "dongcun",
        given=f"{GOOD}\n",
    )
    assert added.status == 0, added.err
    assert await status_of_sign_in(served_site, "night", GOOD) == 204
    listed = lines_of(lianfang("user", "list", "--config", config))
    assert any(line.split()[:3] == ["night", "duty-officer", "dongcun"] for line in listed)


async def test_a_changed_password_shuts_out_the_old_one(served_site: House) -> None:
    changed = lianfang(
        "user", "passwd", "leader", "--config", served_site.config, given="another good phrase\n"
    )
    assert changed.status == 0, changed.err
    old = served_site.accounts["leader"]
    assert await status_of_sign_in(served_site, "leader", old) == 401
    assert await status_of_sign_in(served_site, "leader", "another good phrase") == 204


async def test_a_changed_password_ends_the_sessions_there_are(served_site: House) -> None:
    async with served_site.client() as police:
        await police.sign_in("police")
        await police.get("/me")
        changed = lianfang(
            "user", "passwd", "police", "--config", served_site.config, given=f"{GOOD}\n"
        )
        assert changed.status == 0, changed.err
        async with police.session.get("/api/v1/me") as answer:
            assert answer.status == 401


def test_a_second_account_of_one_name_is_refused(served_site: House) -> None:
    done = lianfang(
        "user",
        "add",
        "duty",
        "--config",
        served_site.config,
        "--role",
        "auditor",
        given=f"{GOOD}\n",
    )
    assert done.status == 1
    assert "duty" in done.complaint


def test_a_password_that_is_too_short_is_refused(served_site: House) -> None:
    done = lianfang(
        "user", "add", "hasty", "--config", served_site.config, "--role", "auditor", given="123\n"
    )
    assert done.status == 2
    assert "123" not in done.complaint


def test_the_password_of_nobody_cannot_be_changed(served_site: House) -> None:
    done = lianfang("user", "passwd", "nobody", "--config", served_site.config, given=f"{GOOD}\n")
    assert done.status == 1
    assert "nobody" in done.complaint


def test_a_role_that_there_is_not_is_wrong_usage(served_site: House) -> None:
    done = lianfang("token", "create", "--role", "king", "--config", served_site.config)
    assert done.status == 2
    assert "duty-officer" in done.err


async def test_a_token_lets_a_machine_read_and_only_with_it(served_site: House) -> None:
    made = lianfang("token", "create", "--role", "auditor", "--config", served_site.config)
    (token,) = lines_of(made)
    async with aiohttp.ClientSession() as http:
        alarms = f"{served_site.url}/api/v1/alarms"
        async with http.get(alarms, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200
        for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), "x"):
            async with http.get(alarms, headers={"Authorization": f"Bearer {wrong}"}) as answer:
                assert answer.status == 401


def test_a_mark_before_the_password_of_a_file_and_an_end_of_line_behind_it_are_no_part_of_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "password"
    file.write_bytes("\ufeffpass word \r\n".encode())
    assert user._password(argparse.Namespace(password_file=file)) == "pass word "
