"""The second look on real footage: it loses no labelled stay, and empty roads stay empty at 5 s."""

import pytest

from benchmarks.loitering_quality import DATA, load_labels
from camerad.analyze import analyze
from camerad.model import Zone, ZoneKind
from camerad.second_look.model import VerifierSettings
from camerad.second_look.onnx import OnnxPersonFinder

pytestmark = pytest.mark.skipif(
    not (DATA / "yolox_nano.onnx").exists(),
    reason="NO REAL FOOTAGE: ../shared/data is absent, so the second look is not checked on clips",
)


def alerts(file: str, zone: dict, dwell_s: float) -> list[float]:
    polygon = tuple((x, y) for x, y in zone["polygon"])
    said: list[dict] = []
    analyze(
        str(DATA / file),
        [Zone(zone["zone"], ZoneKind.LOITER, polygon, dwell_s=dwell_s)],
        emit=said.append,
        second_look=OnnxPersonFinder(VerifierSettings(DATA / "yolox_nano.onnx")),
    )
    return [float(one["t"]) for one in said if one["event"] == "loitering.started"]


LABELS = {label["file"]: label for label in load_labels()} if DATA.exists() else {}


@pytest.mark.parametrize(
    ("file", "number"), [("vtest.avi", 0), ("vtest.avi", 1), ("one-by-one-person-detection.mp4", 0)]
)
def test_no_labelled_stay_is_lost_and_none_is_added(file: str, number: int) -> None:
    zone = LABELS[file]["zones"][number]
    dwell_s = float(zone["dwell_s"][0])
    told = alerts(file, zone, dwell_s)
    for stay in zone["stays"]:
        first = stay["from_s"] + dwell_s - 1.5
        assert any(first <= t_s <= stay["to_s"] + 1.0 for t_s in told), (stay["who"], told)
    long = [(s["from_s"] + dwell_s - 1.5, s["to_s"] + 1.0) for s in zone["stays"]]
    assert [t_s for t_s in told if not any(a <= t_s <= b for a, b in long)] == []


@pytest.mark.parametrize("file", ["car-detection.mp4", "traffic_camera.mp4"])
def test_a_road_is_empty_at_a_dwell_of_5_s(file: str) -> None:
    assert alerts(file, LABELS[file]["zones"][0], 5.0) == []
