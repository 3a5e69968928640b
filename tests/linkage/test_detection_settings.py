"""config/detection.toml: the second look is off unless named, and refused when it cannot be."""

from pathlib import Path

import pytest

from benchmarks.loitering_quality import DATA
from camerad.model import ZoneKind
from camerad.zones import ZoneDefaults, ZoneWords
from linkage.detection_settings import DetectionPolicy, load_detection
from linkage.errors import BadSettings

MODEL = DATA / "yolox_nano.onnx"


def file(folder: Path, text: str) -> Path:
    path = folder / "detection.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_the_file_or_the_key_there_is_no_second_look(tmp_path: Path) -> None:
    assert load_detection(tmp_path / "detection.toml").verifier is None
    with pytest.raises(BadSettings, match=r"detection\.toml"):
        load_detection(tmp_path / "detection.toml", optional=False)
    assert load_detection(file(tmp_path, "")) == DetectionPolicy()
    assert load_detection(file(tmp_path, "[detection]\nverifier_score = 0.4\n")).verifier is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('verifier = "none.onnx"', "没有这个模型文件"),
        ('verifier = "none.onnx"', "there is no model file"),
        ('verifier = "detection.toml"', "不是可用的 ONNX 模型"),
        ('verifier_decoding = "yolo"', "verifier_decoding"),
        ("verifier_input = [416]", "verifier_input"),
        ("verifier_scor = 0.3", "did you mean 'verifier_score'?"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_key_and_how_to_mend_it(
    tmp_path: Path, text: str, says: str
) -> None:
    path = file(tmp_path, f"[detection]\n{text}\n")
    with pytest.raises(BadSettings) as refused:
        load_detection(path)
    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{path}: detection")
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not MODEL.exists(), reason="NO PERSON DETECTOR: ../shared/data is absent")
def test_a_network_that_fits_is_taken(tmp_path: Path) -> None:
    found = load_detection(file(tmp_path, f'[detection]\nverifier = "{MODEL}"\n')).verifier
    assert found is not None
    assert found.model == MODEL.resolve()
    assert (found.input_width, found.score) == (416, 0.3)


@pytest.mark.skipif(not MODEL.exists(), reason="NO PERSON DETECTOR: ../shared/data is absent")
def test_a_network_that_was_made_otherwise_is_refused(tmp_path: Path) -> None:
    text = f'[detection]\nverifier = "{MODEL}"\nverifier_decoding = "boxes-classes"\n'
    with pytest.raises(BadSettings, match="set verifier_decoding"):
        load_detection(file(tmp_path, text))


ZONES = """
[zones]
dwell = "45s"
min_height = 0.1
armed = "20:00-07:00"
armed_days_off = "00:00-24:00"
"""


def test_zones_have_what_the_file_says_where_they_say_nothing(tmp_path: Path) -> None:
    usual = load_detection(file(tmp_path, ZONES)).zones
    assert usual == ZoneDefaults(45.0, 0.1, "20:00-07:00", "00:00-24:00")
    loiter = usual.filled(ZoneWords(ZoneKind.LOITER))
    assert loiter == ZoneWords(ZoneKind.LOITER, 45.0, 0.1, "20:00-07:00", "00:00-24:00")
    assert usual.filled(ZoneWords(ZoneKind.MOTION)).dwell_s is None
    own = ZoneWords(ZoneKind.LOITER, 5.0, 0.3, "22:00-06:00", "22:00-06:00")
    assert usual.filled(own) == own
    for kind in (ZoneKind.IGNORE, ZoneKind.PRIVACY):
        assert usual.filled(ZoneWords(kind)) == ZoneWords(kind)


def test_without_the_file_a_loiter_zone_has_the_built_in_dwell(tmp_path: Path) -> None:
    usual = load_detection(tmp_path / "detection.toml").zones
    assert usual.filled(ZoneWords(ZoneKind.LOITER)) == ZoneWords(ZoneKind.LOITER, 20.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('dwell = "0s"', "zones.dwell: 应大于 0"),
        ('dwell = "2h"', "zones.dwell"),
        ("dwell = 20", "带单位的时长"),
        ("min_height = 1.5", "zones.min_height"),
        ('armed = "late"', "zones.armed: 应为当地时段"),
        ('armed_days_off = "25:00-06:00"', "zones.armed_days_off: 应为当地时段"),
        ('dwel = "20s"', "did you mean 'dwell'?"),
    ],
)
def test_a_mistake_in_the_defaults_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = file(tmp_path, f"[zones]\n{text}\n")
    with pytest.raises(BadSettings) as refused:
        load_detection(path)
    assert says in str(refused.value)
    assert str(refused.value).startswith(f"{path}: zones")
    assert "\n" not in str(refused.value)
