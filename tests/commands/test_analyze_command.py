"""`lianfang analyze`: detection over a clip, as lines of JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from tests.commands.running import lianfang, lines_of
from tests.external import real_footage

KEYS = {
    "motion.started": ["event", "t", "zone"],
    "motion.ended": ["event", "t", "zone"],
    "loitering.ended": ["event", "t", "zone"],
    "loitering.started": ["event", "t", "zone", "track", "dwell_s", "box"],
    "summary": ["event", "frames", "analysed", "cpu_s", "wall_s"],
}


def zones_file(path: Path, polygon: object, dwell: str = "8s") -> Path:
    path.write_text(
        f'[[zone]]\nname = "gate"\nkind = "loiter"\npolygon = {polygon}\ndwell = "{dwell}"\n'
        f'[[zone]]\nname = "street"\nkind = "motion"\npolygon = {polygon}\n'
    )
    return path


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A drawn clip in which somebody stays at the gate from 12 s on, and its zones file."""
    folder = tmp_path_factory.mktemp("clips")
    facts = draw_film(folder / "gate.mp4", EAST_GATE, seconds=28, fps=10)
    polygon = [[round(value, 4) for value in point] for point in facts.polygon]
    return folder / "gate.mp4", zones_file(folder / "zones.toml", polygon)


def analyzed(clip: Path, zones: Path) -> list[dict[str, object]]:
    done = lianfang("analyze", clip, "--zones", zones, "--json", timeout_s=110)
    return [json.loads(line) for line in lines_of(done)]


def timeless(lines: list[dict[str, object]]) -> list[Mapping[str, object]]:
    """Without the two numbers that are the machine's and not the clip's."""
    return [{k: v for k, v in line.items() if k not in ("cpu_s", "wall_s")} for line in lines]


def test_a_drawn_clip_gives_the_contracts_lines_and_the_same_twice(
    gate: tuple[Path, Path],
) -> None:
    lines = analyzed(*gate)
    for line in lines:
        expected = KEYS.get(str(line["event"]))
        assert expected is None or list(line)[: len(expected)] == expected
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["frames"] == 280
    # from 12.1 s on somebody stands there, 8 s are too long; the way to the spot may count
    started = [line for line in lines if line["event"] == "loitering.started"]
    assert [line["zone"] for line in started] == ["gate"]
    assert 17 <= float(str(started[0]["t"])) <= 23
    assert timeless(analyzed(*gate)) == timeless(lines)


@pytest.mark.timeout(240)
def test_a_real_junction_gives_the_same_answer_twice(tmp_path: Path) -> None:
    clip = real_footage("vtest.avi")
    labels = json.loads((clip.parent / "labels.json").read_text())
    (found,) = (c for c in labels["clips"] if c["file"] == "vtest.avi")
    polygon = found["zones"][0]["polygon"]
    zones = zones_file(tmp_path / "zones.toml", polygon, f"{found['zones'][0]['dwell_s'][0]}s")
    lines = analyzed(clip, zones)
    assert lines[-1]["frames"] == found["frames"]
    assert any(line["event"] == "loitering.started" for line in lines)
    assert timeless(analyzed(clip, zones)) == timeless(lines)


def test_people_read_lines_without_json(gate: tuple[Path, Path]) -> None:
    clip, zones = gate
    lines = lines_of(lianfang("analyze", clip, "--zones", zones))
    assert any(line.startswith("loitering.started  t=") for line in lines)
    assert lines[-1].startswith("summary  frames=280")


def test_a_zone_that_is_wrong_is_named_with_file_and_key(
    gate: tuple[Path, Path], tmp_path: Path
) -> None:
    zones = zones_file(tmp_path / "zones.toml", [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]], "long")
    done = lianfang("analyze", gate[0], "--zones", zones, "--json")
    assert done.status == 2
    assert str(zones) in done.complaint
    assert "dwell" in done.complaint


def test_an_unknown_key_of_a_zone_is_named_with_the_nearest(
    gate: tuple[Path, Path], tmp_path: Path
) -> None:
    zones = tmp_path / "zones.toml"
    zones.write_text(gate[1].read_text().replace("dwell", "dwel", 1))
    done = lianfang("analyze", gate[0], "--zones", zones)
    assert done.status == 2
    assert "'dwel'" in done.complaint
    assert "'dwell'" in done.complaint


def test_a_missing_zones_file_is_wrong_usage(gate: tuple[Path, Path], tmp_path: Path) -> None:
    done = lianfang("analyze", gate[0], "--zones", tmp_path / "none.toml")
    assert done.status == 2
    assert "none.toml" in done.complaint


def test_a_missing_clip_is_a_failure(gate: tuple[Path, Path], tmp_path: Path) -> None:
    done = lianfang("analyze", tmp_path / "none.mp4", "--zones", gate[1])
    assert done.status == 1
    assert "none.mp4" in done.complaint


def test_a_file_that_is_no_video_is_a_failure(gate: tuple[Path, Path], tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("dear officer")
    done = lianfang("analyze", letter, "--zones", gate[1])
    assert done.status == 1
    assert "letter.mp4" in done.complaint
