"""The zones file: what is accepted, and that every complaint names the place and the cure."""

import contextlib
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camerad.errors import BadZones
from camerad.model import ArmedHours, ZoneKind
from camerad.zone_entries import parse_duration_s
from camerad.zones import load_zones, parse_zones

GATE = """
[[zone]]
name = "gate"
kind = "loiter"
polygon = [[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]
dwell = "20s"
min_height = 0.08
armed = "22:00-06:00"
"""


def test_the_contracts_example_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "zones.toml"
    file.write_text(GATE, encoding="utf-8")
    (zone,) = load_zones(file)
    assert zone.name == "gate"
    assert zone.kind is ZoneKind.LOITER
    assert zone.polygon == ((0.1, 0.5), (0.6, 0.5), (0.6, 1.0), (0.1, 1.0))
    assert zone.dwell_s == 20.0
    assert zone.min_height == 0.08
    assert zone.armed == ArmedHours(datetime.time(22), datetime.time(6))


def test_whole_numbers_are_fractions_too() -> None:
    text = '[[zone]]\nname="w"\nkind="motion"\npolygon=[[0,0],[1,0],[1,1],[0,1]]'
    (zone,) = parse_zones(text, source="z")
    assert zone.polygon[2] == (1.0, 1.0)
    assert zone.armed is None


def test_midnight_may_be_written_as_24_00() -> None:
    text = GATE.replace("22:00-06:00", "18:00-24:00")
    (zone,) = parse_zones(text, source="z")
    assert zone.armed is not None
    assert zone.armed.covers(datetime.time(23, 59))
    assert not zone.armed.covers(datetime.time(0, 0))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("dwell =", "dwel =", ["zone 'gate'", "'dwel'", "did you mean 'dwell'"]),
        ("[[zone]]", "[[zoen]]", ["'zoen'", "did you mean 'zone'"]),
        ("[[zone]]", "[zone]", ["double brackets"]),
        ('"loiter"', '"loitering"', ["'kind'", "did you mean 'loiter'"]),
        ('"loiter"', "3", ["kind"]),
        ('dwell = "20s"', "dwell = 20", ["'dwell'", '"20s"']),
        ('dwell = "20s"', 'dwell = "20"', ["'dwell'", "unit", '"20s"']),
        ('dwell = "20s"', 'dwell = "0s"', ["'dwell'", "zero"]),
        ('dwell = "20s"', "", ["'dwell'", "missing"]),
        ('name = "gate"', "", ["zone 1", "'name'", "missing"]),
        ('name = "gate"', 'name = " "', ["'name'", "empty"]),
        ("22:00-06:00", "22-6", ["'armed'", '"22:00-06:00"']),
        ("22:00-06:00", "25:00-06:00", ["'armed'", "25:00"]),
        ("0.08", "8", ["'min_height'", "fraction"]),
        ("0.08", '"8%"', ["'min_height'", "number"]),
        ("[0.1,1.0]]", "[0.1,576]]", ["'polygon'", "pixels"]),
        ("[[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]", "[[0.1,0.5],[0.6,0.5]]", ["at least 3"]),
        ("[[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]", "[[0,0],[0.5,0.5],[1,1]]", ["one line"]),
        ("[[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]", "[[0,0],[1,1],[1,0],[0,1]]", ["cross"]),
        ("[[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]", '"all"', ["'polygon'", "[[x, y]"]),
        ("[[0.1,0.5],[0.6,0.5],[0.6,1.0],[0.1,1.0]]", "[[nan,0],[1,0],[1,1]]", ["outside"]),
        ("[[zone]]", "[[zone", ["not valid TOML"]),
    ],
)
def test_a_mistake_is_named_with_its_cure(before: str, after: str, words: list[str]) -> None:
    assert before in GATE
    with pytest.raises(BadZones) as caught:
        parse_zones(GATE.replace(before, after), source="night.toml")
    sentence = str(caught.value)
    assert sentence.startswith("night.toml")
    assert "\n" not in sentence.strip()
    for word in words:
        assert word in sentence


def test_dwell_on_a_motion_zone_is_refused() -> None:
    with pytest.raises(BadZones, match="only for zones of kind 'loiter'"):
        parse_zones(GATE.replace('"loiter"', '"motion"'), source="z")


def test_two_zones_of_one_name_are_refused() -> None:
    with pytest.raises(BadZones, match="another zone has this name"):
        parse_zones(GATE + GATE, source="z")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadZones, match="holds no zone"):
        parse_zones("", source="z")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadZones, match="no such file"):
        load_zones(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "zones.toml"
    file.write_bytes(b"\xff\xfe\x00zone")
    with pytest.raises(BadZones, match="cannot be read as a text file"):
        load_zones(file)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("20s", 20.0), ("1.5 min", 90.0), ("2m", 120), ("1h", 3600)],
)
def test_durations_carry_a_unit(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_bad_zones(text: str) -> None:
    with contextlib.suppress(BadZones):
        parse_zones(text, source="z")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(max_size=3) | st.integers(),
            "kind": st.sampled_from(["loiter", "motion", "x"]) | st.integers(),
            "dwell": st.text(max_size=4) | st.integers(),
            "armed": st.text(max_size=4),
            "min_height": st.floats() | st.booleans(),
        },
    )
)
def test_no_values_raise_anything_but_bad_zones(values: dict[str, object]) -> None:
    lines = []
    for key, value in values.items():
        if isinstance(value, str):
            escaped = "".join(f"\\U{ord(c):08x}" for c in value)
            lines.append(f'{key} = "{escaped}"')
        elif isinstance(value, bool):
            lines.append(f"{key} = {str(value).lower()}")
        else:
            lines.append(f"{key} = {value}")
    text = "[[zone]]\npolygon = [[0,0],[1,0],[1,1]]\n" + "\n".join(lines)
    with contextlib.suppress(BadZones):
        parse_zones(text, source="z")
