"""`lianfang check-config`: good settings, and every mistake as one sentence with exit status 2."""

import shutil
from pathlib import Path

import pytest

from linkage.settings import shipped_folder
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
