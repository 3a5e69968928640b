"""config/detection.toml: the second look is off unless named, and refused when it cannot be."""

from pathlib import Path

import pytest

from benchmarks.loitering_quality import DATA
from linkage.detection_settings import load_detection
from linkage.errors import BadSettings

MODEL = DATA / "yolox_nano.onnx"


def file(folder: Path, text: str) -> Path:
    path = folder / "detection.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_the_file_or_the_key_there_is_no_second_look(tmp_path: Path) -> None:
    assert load_detection(tmp_path / "detection.toml") is None
    with pytest.raises(BadSettings, match=r"detection\.toml"):
        load_detection(tmp_path / "detection.toml", optional=False)
    assert load_detection(file(tmp_path, "")) is None
    assert load_detection(file(tmp_path, "[detection]\nverifier_score = 0.4\n")) is None


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
    found = load_detection(file(tmp_path, f'[detection]\nverifier = "{MODEL}"\n'))
    assert found is not None
    assert found.model == MODEL.resolve()
    assert (found.input_width, found.score) == (416, 0.3)


@pytest.mark.skipif(not MODEL.exists(), reason="NO PERSON DETECTOR: ../shared/data is absent")
def test_a_network_that_was_made_otherwise_is_refused(tmp_path: Path) -> None:
    text = f'[detection]\nverifier = "{MODEL}"\nverifier_decoding = "boxes-classes"\n'
    with pytest.raises(BadSettings, match="set verifier_decoding"):
        load_detection(file(tmp_path, text))
