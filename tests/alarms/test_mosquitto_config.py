"""What mosquitto is told: texts, files, and what the command refuses. (The real one: scenarios.)"""

import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from alarms import mosquitto
from alarms.credentials import revoke_in
from alarms.devices import DeviceRegistry
from alarms.model import LoginOwner
from alarms.mosquitto import Doors, Listener, TlsFiles
from linkage.cli import _parser
from linkage.commands.broker import SERVICE_SECRET
from linkage.errors import BadSettings
from linkage.storage import open_storage
from tests.alarms.conftest import Door
from tests.commands.running import lianfang
from tests.external import program
from tests.scenarios.house import House, house

SALT = bytes(range(12))


@pytest.fixture
async def site(tmp_path: Path) -> House:
    """A seeded site that is set up for an outside broker which does not run yet."""
    async with house(tmp_path, broker="embedded") as made:
        edit(made, "embedded = true", "embedded = false")
        return made


def edit(site: House, old: str, new: str) -> None:
    path = site.config / "site.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def write(site: House, *arguments: str) -> int:
    """The command's work and exit status, without a process of its own."""
    parsed = _parser().parse_args([*command_line(site), *arguments])
    return int(parsed.function(parsed))


def command_line(site: House) -> list[str]:
    out = site.folder / "mosquitto"
    return ["broker", "mosquitto-config", "--config", str(site.config), "--out", str(out)]


def test_a_hash_is_what_mosquittos_own_tool_makes(tmp_path: Path) -> None:
    tool = program("mosquitto_passwd", package="mosquitto")
    path = tmp_path / "passwords"
    subprocess.run([tool, "-b", "-c", path, "button", "s3cret-密"], check=True, timeout=20)
    theirs = mosquitto.hash_in(path.read_text(encoding="utf-8"), "button")
    assert theirs is not None
    iterations = int(theirs.split("$")[2])
    assert mosquitto.is_hash_of("s3cret-密", theirs, iterations=iterations)
    assert not mosquitto.is_hash_of("s3cret", theirs, iterations=iterations)


@pytest.mark.parametrize("hashed", ["", "$7$1", "$6$1$AAAA$AAAA", "$7$1$?$AAAA", "$7$1$A$AAAA"])
def test_what_is_no_hash_of_ours_matches_no_password(hashed: str) -> None:
    assert not mosquitto.is_hash_of("x", hashed, iterations=1)


def test_a_hash_made_with_other_iterations_is_made_anew() -> None:
    hashed = mosquitto.hash_password("x", salt=SALT, iterations=2)
    assert not mosquitto.is_hash_of("x", hashed, iterations=1)


def test_every_right_of_a_device_names_its_login_but_the_service_status() -> None:
    rights = [
        line
        for line in mosquitto.device_rights("lianfang").splitlines()
        if not line.startswith("#")
    ]
    assert [r for r in rights if "%u" not in r] == ["pattern read lianfang/service/status"]
    assert all(right.startswith("pattern ") and "+" not in right for right in rights)


def rules_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_buttons_cost_no_line_of_the_rights_and_sirens_a_few_each() -> None:
    none = mosquitto.device_rights("lianfang")
    buttons = {f"b-{n:04d}": LoginOwner(f"b-{n:04d}", "button") for n in range(4000)}
    assert mosquitto.device_rights("lianfang", buttons) == none
    sirens = {f"siren-{n:03d}": LoginOwner(f"siren-{n:03d}", "siren") for n in range(400)}
    with_sirens = mosquitto.device_rights("lianfang", buttons | sirens)
    assert len(rules_of(with_sirens)) == len(rules_of(none)) + 5 * len(sirens)
    assert len(with_sirens) < 100_000


def test_a_siren_loses_a_buttons_rights_and_gets_its_own() -> None:
    rights = rules_of(mosquitto.device_rights("lianfang", {"s-1": LoginOwner("s-1", "siren")}))
    assert rights[rights.index("user s-1") + 1 :] == [
        "topic deny lianfang/button/s-1/#",
        "topic write lianfang/siren/s-1/status",
        "topic read lianfang/siren/s-1/set",
        "topic read lianfang/service/status",
    ]


def test_listeners_divide_their_settings_before_any_is_given() -> None:
    tls = TlsFiles(PurePosixPath("/tls/broker.pem"), PurePosixPath("/tls/broker.key"))
    doors = Doors(
        folder=PurePosixPath("/f"),
        data_folder=PurePosixPath("/d"),
        service=Listener("127.0.0.1", 1883),
        devices=Listener(None, 8883, tls),
    )
    lines = [
        line
        for line in mosquitto.configuration(doors).splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "per_listener_settings true"
    service, devices = lines.index("listener 1883 127.0.0.1"), lines.index("listener 8883")
    assert "use_username_as_clientid true" not in lines[service:devices]
    assert "use_username_as_clientid true" in lines[devices:]
    assert "certfile /tls/broker.pem" in lines[devices:]
    assert lines.count("allow_anonymous false") == 2


async def test_a_revoked_device_has_no_login_at_either_broker(door: Door) -> None:
    given = door.button
    before = await door.database.read(door.devices.broker_logins_in)
    kept = before[given.login].mosquitto_password
    assert mosquitto.is_hash_of(given.password, kept, iterations=1)
    await door.database.write(lambda conn: revoke_in(conn, given.device, at_ms=1))
    assert await door.database.read(door.devices.broker_logins_in) == {}
    assert await door.devices.may_log_in(given.login, given.password) is None


def test_the_command_writes_files_that_others_cannot_read(site: House) -> None:
    assert write(site, "--port", "18840") == 0
    files = sorted((site.folder / "mosquitto").iterdir())
    assert [f.name for f in files] == [
        "devices.acl",
        "devices.password",
        "mosquitto.conf",
        "service.acl",
        "service.password",
    ]
    assert {f.stat().st_mode & 0o777 for f in files} == {0o640}
    passwords = (site.folder / "mosquitto" / "devices.password").read_text(encoding="utf-8")
    for button in site.buttons:
        given = button.credentials
        hashed = mosquitto.hash_in(passwords, given.login)
        assert hashed is not None
        assert mosquitto.is_hash_of(given.password, hashed, iterations=1)


def test_a_second_run_changes_nothing(site: House) -> None:
    def contents() -> dict[str, bytes]:
        return {f.name: f.read_bytes() for f in (site.folder / "mosquitto").iterdir()}

    assert write(site, "--port", "18840") == 0
    first = contents()
    assert write(site, "--port", "18840") == 0
    assert contents() == first


def test_a_login_is_drawn_where_none_is_set_and_the_keys_to_set_are_named(
    site: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(site, "--port", "18840") == 0
    told = capsys.readouterr()
    secret = site.settings.site_key_file.parent / SERVICE_SECRET
    assert secret.stat().st_mode & 0o777 == 0o600
    assert f'password_file = "{secret}"' in told.out
    assert secret.read_text() not in told.out + told.err
    edit(
        site,
        "embedded = false",
        f'embedded = false\nusername = "lianfang-service"\npassword_file = "{secret}"',
    )
    before = (site.folder / "mosquitto" / "service.password").read_text()
    assert write(site, "--port", "18840") == 0
    assert "password_file" not in capsys.readouterr().out
    assert (site.folder / "mosquitto" / "service.password").read_text() == before


def test_a_changed_password_of_the_service_is_hashed_anew(site: House) -> None:
    secret = site.folder / "config" / "mqtt-password"
    edit(
        site,
        "embedded = false",
        'embedded = false\nusername = "ours"\npassword_file = "mqtt-password"',
    )
    for password in ("first", "second"):
        secret.write_text(f"{password}\n")
        assert write(site, "--port", "18840") == 0
        text = (site.folder / "mosquitto" / "service.password").read_text()
        hashed = mosquitto.hash_in(text, "ours")
        assert hashed is not None
        assert mosquitto.is_hash_of(password, hashed, iterations=mosquitto.SERVICE_ITERATIONS)


def test_a_device_that_would_share_our_client_id_gets_no_login(
    site: House, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol(site, "lianfang-intake-main")
    assert write(site, "--port", "18840") == 1
    assert "lianfang-intake-main" in capsys.readouterr().err
    passwords = (site.folder / "mosquitto" / "devices.password").read_text()
    assert mosquitto.hash_in(passwords, "lianfang-intake-main") is None
    assert mosquitto.hash_in(passwords, site.buttons[0].credentials.login) is not None


def enrol(site: House, device: str) -> None:
    storage = open_storage(site.settings)
    registry = DeviceRegistry(storage.database, storage.box)
    storage.database.write_now(lambda conn: registry.enrol_in(conn, device))
    storage.database.close_now()


@pytest.mark.parametrize(
    ("setting", "arguments", "names"),
    [
        (("embedded = false", "embedded = true"), [], "mqtt.embedded"),
        (None, ["--host", "0.0.0.0"], "--tls-cert"),
        (None, ["--tls-cert", "c.pem"], "--tls-key"),
        (None, ["--tls-cert", "no.pem", "--tls-key", "no.key"], "no.pem"),
        (None, ["--port", "70000"], "--port 70000"),
        (("embedded = false", 'embedded = false\nca_file = "ca.pem"'), [], "--tls-cert"),
        (("embedded = false", 'embedded = false\nhost = "broker.example"'), [], "mqtt.ca_file"),
        (("embedded = false", 'embedded = false\nusername = "a"'), [], "mqtt.password_file"),
        (
            ("embedded = false", 'embedded = false\nusername = "a:b"\npassword_file = "p"'),
            [],
            "mqtt.username",
        ),
    ],
)
def test_what_cannot_be_safe_is_refused_and_nothing_is_written(
    site: House, setting: tuple[str, str] | None, arguments: list[str], names: str
) -> None:
    if setting is not None:
        edit(site, *setting)
    with pytest.raises(BadSettings, match=re.escape(names)):
        write(site, *arguments)
    assert not (site.folder / "mosquitto").exists()


def test_devices_and_service_may_not_share_a_port(site: House) -> None:
    done = lianfang(*command_line(site), "--port", str(site.mqtt_port))
    assert done.status == 2
    assert "port of their own" in done.complaint
