"""Real footage: every labelled stay is found and nothing else, with the one default setting."""

import pytest

from benchmarks.loitering_quality import DATA, Variant, detect, load_labels, score_clip
from benchmarks.pixel_quality import ours
from camerad.detection import DetectionSettings
from camerad.model import EventName, Zone, ZoneKind

pytestmark = pytest.mark.skipif(
    not (DATA / "labels.json").exists(),
    reason="NO REAL FOOTAGE: ../shared/data is absent, so detection is not checked on real clips",
)


def variant(width_px: int, per_s: float, *, phase: int) -> Variant:
    """Another way to look at the same clip."""
    settings = DetectionSettings(analysed_per_s=per_s, width_px=width_px)
    return Variant(phase=phase, settings=settings)


@pytest.mark.parametrize(
    "file",
    ["vtest.avi", "one-by-one-person-detection.mp4", "car-detection.mp4", "traffic_camera.mp4"],
)
def test_every_labelled_stay_is_told_and_nothing_else(file: str) -> None:
    (label,) = [one for one in load_labels() if one["file"] == file]
    for score in score_clip(label, Variant()):
        assert score.missed == [], score.line()
        assert score.false == [], score.line()
        assert score.worst_delay_s <= 1.5, score.line()


@pytest.mark.parametrize(
    ("file", "variant"),
    [
        ("vtest.avi", variant(320, 10.0, phase=0)),
        ("one-by-one-person-detection.mp4", variant(320, 5.0, phase=1)),
        ("car-detection.mp4", variant(320, 10.0, phase=1)),
        ("vtest.avi", Variant(start_s=3.0)),
        ("vtest.avi", Variant(start_s=47.0)),
    ],
    ids=str,
)
def test_phase_width_rate_and_beginning_do_not_change_the_answer(
    file: str, variant: Variant
) -> None:
    # the whole matrix is `benchmarks.loitering_quality`
    (label,) = [one for one in load_labels() if one["file"] == file]
    for score in score_clip(label, variant):
        assert score.missed == [], score.line()
        assert score.false == [], score.line()
        assert score.worst_delay_s <= 3.0, score.line()


@pytest.mark.parametrize("start_s", [9.0, 30.5])
def test_a_stream_joined_in_the_middle_finds_those_who_come_after(start_s: float) -> None:
    (label,) = [one for one in load_labels() if one["file"].startswith("one-by-one")]
    table = {**label, "zones": [zone for zone in label["zones"] if zone["zone"] == "table"]}
    for score in score_clip(table, Variant(start_s=start_s)):
        assert score.missed == [], score.line()
        assert score.false == [], score.line()


def test_motion_on_a_road_comes_when_it_was_labelled() -> None:
    (label,) = [one for one in load_labels() if one["file"] == "traffic_camera.mp4"]
    width, height = label["size"]
    x, y, w, h = label["motion"]["box_px"]
    left, top, right, foot = x / width, y / height, (x + w) / width, (y + h) / height
    zone = Zone("road", ZoneKind.MOTION, ((left, top), (right, top), (right, foot), (left, foot)))
    said, _, _ = detect(DATA / label["file"], [zone], Variant())
    begun = [d.t_s for d in said if d.name is EventName.MOTION_STARTED]
    ended = [d.t_s for d in said if d.name is EventName.MOTION_ENDED]
    wanted = label["motion"]["intervals_frames_1based"]
    assert begun == pytest.approx([(a - 1) / label["fps"] for a, _ in wanted], abs=0.6)
    assert ended == pytest.approx([(b - 1) / label["fps"] for _, b in wanted], abs=0.6)


def test_a_variable_frame_rate_keeps_the_files_own_time() -> None:
    whole = Zone("whole", ZoneKind.LOITER, ((0, 0), (1, 0), (1, 1), (0, 1)), dwell_s=10.0)
    said, _, last_s = detect(DATA / "traffic_camera_vfr.mp4", [whole], Variant())
    assert said == []
    # 576 frames at the nominal 25 a second would be 23 s
    assert last_s == pytest.approx(34.5, abs=0.2)


def test_cars_on_a_highway_are_the_foreground_to_the_pixel() -> None:
    assert ours().f_measure >= 0.88
