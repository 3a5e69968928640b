"""`lianfang check-config`: good settings, and every mistake as one sentence with exit status 2."""

import shutil
from pathlib import Path

import pytest

from linkage.errors import BadSettings
from linkage.settings import load_settings, shipped_folder
from tests.commands.running import lianfang


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
    for name in ("rules2.toml", "notify.toml.txt", "detection.toml", "README"):
        (config / name).write_text("")
    done = lianfang("check-config", "--config", config)
    assert done.status == 0
    notes = done.err.splitlines()
    assert len(notes) == 3
    assert "detection.toml: 本版本不读取此文件 / this file is not read" in notes[0]
    assert "notify.toml.txt; 是不是 / did you mean 'notify.toml'?" in notes[1]
    assert "未使用的文件 / file not used" in notes[2]
    assert "rules2.toml; 是不是 / did you mean 'rules.toml'?" in notes[2]
    assert "lianfang rules check" in done.out.splitlines()[-1]
