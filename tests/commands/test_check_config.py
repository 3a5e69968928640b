"""`lianfang check-config`: good settings, and every mistake as one sentence with exit status 2."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from alarms.store import Database
from linkage.commands.check_config import places_not_checked
from linkage.errors import BadSettings
from linkage.schema import villages
from linkage.settings import load_settings, shipped_folder
from tests.commands.running import lianfang
from tests.stores import migrated_sqlite


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings that are shipped, to be spoilt."""
    return Path(shutil.copytree(shipped_folder(), tmp_path / "config"))


def test_the_shipped_settings_are_good(config: Path) -> None:
    done = lianfang("check-config", "--config", config)
    assert done.status == 0, done.err
    assert str(config) in done.out


@pytest.mark.parametrize(
    ("file", "right", "wrong", "near"),
    [
        ("site.toml", "host =", "hots =", "host"),
        ("rules.toml", "fold_within", "fold_witin", "fold_within"),
        ("escalation.toml", "repeat =", "repaet =", "repeat"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_right_one(
    config: Path, file: str, right: str, wrong: str, near: str
) -> None:
    path = config / file
    path.write_text(path.read_text().replace(right, wrong, 1))
    done = lianfang("check-config", "--config", config)
    assert done.status == 2
    assert str(path) in done.complaint
    assert wrong.split()[0] in done.complaint
    assert f"did you mean '{near}'" in done.complaint


@pytest.mark.parametrize("listed", ["8.8.8.0/24", "10.0.0.0/8", "192.168.1.x"])
def test_addresses_to_ask_that_are_public_or_too_many_are_one_clear_error(
    config: Path, listed: str
) -> None:
    path = config / "site.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("ask = []", f'ask = ["{listed}"]'))
    with pytest.raises(BadSettings, match=r"cameras\.ask") as refused:
        load_settings(config)
    assert listed in str(refused.value)


def notified_for(config: Path, *places: str) -> None:
    """A webhook for these places."""
    (config / "s.secret").write_text("a secret of the station and us")
    named = ", ".join(f'"{place}"' for place in places)
    (config / "notify.toml").write_text(
        '[[webhook]]\nname = "station"\nurl = "https://jcj.example/"\n'
        f'secret_file = "s.secret"\nfor = ["station"]\nplaces = [{named}]\n',
        encoding="utf-8",
    )


async def registered(config: Path, **names: str) -> None:
    """A store with these villages, by id, where the settings have it."""
    (config.parent / "data").mkdir()
    database = Database(migrated_sqlite(config.parent / "data" / "lianfang.db"))
    await database.open()
    rows = [{"id": one, "name": name} for one, name in names.items()]
    await database.write(lambda conn: conn.execute(insert(villages), rows) if rows else None)
    await database.close()


@pytest.mark.parametrize(
    ("wrong", "near"), [("dongcum", "'dongcun'"), ("西村", "'xicun'"), ("zzz", "dongcun, xicun")]
)
async def test_a_place_of_a_webhook_that_is_not_registered_is_named_with_the_nearest_right_one(
    config: Path, wrong: str, near: str
) -> None:
    notified_for(config, "xicun", wrong)
    await registered(config, dongcun="东村", xicun="西村")
    with pytest.raises(BadSettings) as refused:
        list(places_not_checked(load_settings(config)))
    said = str(refused.value)
    assert 'notify.toml: webhook 1 "station", places' in said
    assert repr(wrong) in said
    assert near in said
    done = lianfang("check-config", "--config", config)
    assert (done.status, done.complaint) == (2, said)


async def test_places_that_are_registered_are_good(config: Path) -> None:
    notified_for(config, "xicun", "dongcun")
    await registered(config, dongcun="东村", xicun="西村")
    assert list(places_not_checked(load_settings(config))) == []


async def test_places_that_cannot_be_checked_are_a_note_and_no_store_is_made(config: Path) -> None:
    notified_for(config, "xicun")
    store = config.parent / "data" / "lianfang.db"
    assert "notify.toml" in next(places_not_checked(load_settings(config)))
    assert not store.exists()
    await registered(config)
    assert "没有登记" in next(places_not_checked(load_settings(config)))
    store.write_bytes(b"no database at all, but as long as the head of one: " * 10)
    assert "notify.toml" in next(places_not_checked(load_settings(config)))


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    done = lianfang("check-config", "--config", tmp_path / "nowhere")
    assert done.status == 2
    assert "nowhere" in done.complaint


def test_a_missing_file_is_named(config: Path) -> None:
    (config / "rules.toml").unlink()
    done = lianfang("check-config", "--config", config)
    assert done.status == 2
    assert "rules.toml" in done.complaint


def test_text_that_is_not_toml_is_named_with_its_line(config: Path) -> None:
    path = config / "site.toml"
    path.write_text(path.read_text() + "\n[[broken\n")
    done = lianfang("check-config", "--config", config)
    assert done.status == 2
    assert str(path) in done.complaint
    assert "line" in done.complaint


def test_a_duration_without_its_unit_is_refused_with_the_way_to_write_it(config: Path) -> None:
    path = config / "escalation.toml"
    path.write_text(path.read_text().replace('"60s"', "60", 1))
    done = lianfang("check-config", "--config", config)
    assert done.status == 2
    assert str(path) in done.complaint
    assert "30s" in done.complaint


@pytest.mark.parametrize(
    "url",
    [
        "mysql://x",
        "nonsense",
        "postgresql+nothing://user:pass-word@host/x",
        "postgresql+psycopg://user:pass-word@host:port/x",
        "sqlite://",
    ],
)
def test_a_database_that_cannot_be_used_is_named_with_those_that_can(
    config: Path, url: str
) -> None:
    path = config / "site.toml"
    path.write_text(path.read_text().replace("sqlite:///../data/lianfang.db", url))
    with pytest.raises(BadSettings) as refused:
        load_settings(config)
    for part in (f"{path}: database.url: ", "sqlite:///"):
        assert part in str(refused.value)
    assert "pass-word" not in str(refused.value)


def test_a_url_in_a_file_of_its_own_is_refused_by_its_key(config: Path) -> None:
    (config / "url").write_text("mysql://x")
    path = config / "site.toml"
    path.write_text(path.read_text().replace("[database]", '[database]\nurl_file = "url"'))
    settings = load_settings(config)
    with pytest.raises(BadSettings, match=r"database\.url_file: .*'mysql' is not supported"):
        assert settings.database_url


def test_files_that_are_not_read_are_named_and_so_is_the_command_that_looks_further(
    config: Path,
) -> None:
    for name in ("rules2.toml", "notify.toml.txt", "README"):
        (config / name).write_text("")
    done = lianfang("check-config", "--config", config)
    assert done.status == 0
    notes = done.err.splitlines()
    assert len(notes) == 2
    assert "notify.toml.txt; 是不是 / did you mean 'notify.toml'?" in notes[0]
    assert "未使用的文件 / file not used" in notes[1]
    assert "rules2.toml; 是不是 / did you mean 'rules.toml'?" in notes[1]
    assert "lianfang rules check" in done.out.splitlines()[-1]
