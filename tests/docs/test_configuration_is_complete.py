"""docs/configuration.md names every key of every settings file, and no other."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from msgspec import inspect

from linkage.detection_settings import DetectionFile
from linkage.escalation.plan_file import EscalationFile
from linkage.holidays import HolidayFile
from linkage.rules.file import _File as RulesFile
from linkage.settings import SiteFile, load_settings
from linkage.ways.settings import NotifyFile

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def keys(shape: inspect.Type, path: str = "") -> Iterator[str]:
    """Dotted paths of every leaf; a list of tables is written `name[]`."""
    match shape:
        case inspect.UnionType(types=types):
            for one in types:
                yield from keys(one, path)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from keys(field.type, f"{path}.{field.encode_name}".lstrip("."))
        case inspect.ListType(item_type=inspect.StructType() as item):
            yield from keys(item, f"{path}[]")
        case inspect.NoneType():
            return
        case _:
            yield path


def section(name: str) -> str:
    return PAGE.split(f"## `{name}`")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("file", "shape"),
    [
        ("site.toml", SiteFile),
        ("rules.toml", RulesFile),
        ("escalation.toml", EscalationFile),
        ("notify.toml", NotifyFile),
        ("detection.toml", DetectionFile),
        ("holidays.toml", HolidayFile),
    ],
)
def test_every_key_is_documented_and_no_other(file: str, shape: type) -> None:
    first_column = [line.split("|")[1] for line in section(file).splitlines() if line[:3] == "| `"]
    documented = {key for cell in first_column for key in re.findall(r"`([^`]+)`", cell)}
    assert documented == set(keys(inspect.type_info(shape)))


def test_shipped_settings_load() -> None:
    settings = load_settings(ROOT / "config")
    assert settings.file.site.time_zone == "Asia/Shanghai"
    assert len(settings.rules.rules) >= 2
    assert settings.days.is_off(date(2026, 10, 1))
    assert settings.rules.days == settings.days
