"""`analyze`: a file in, the contract's lines out."""

import datetime
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from camerad.analyze import Summary, analyze
from camerad.clip import Clip
from camerad.errors import RenderFailed, SourceUnreadable
from camerad.model import ArmedHours, Zone, ZoneKind
from tests.camerad.drawn_scenes import Scene, Walker

MIDDLE = ((0.3, 0.55), (0.7, 0.55), (0.7, 0.95), (0.3, 0.95))
GATE = Zone("gate", ZoneKind.LOITER, MIDDLE, dwell_s=8.0)
PATH = Zone("path", ZoneKind.MOTION, MIDDLE)
FPS = 10


def film(path: Path, scene: Scene, *, stamps_ms: Sequence[int] | None = None) -> Path:
    """The scene as H.264; `stamps_ms` gives each frame its own time."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, (luma, t_s) in enumerate(scene.frames()):
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
            frame.pts = round(t_s * 1000) if stamps_ms is None else stamps_ms[index]
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One who walks in, stays 13 s and goes."""
    way = [(2.0, -20.0, 225.0), (5.0, 175.0, 225.0), (18.0, 175.0, 225.0), (21.0, 370.0, 225.0)]
    scene = Scene([Walker(way, high=45, wide=15)], 25, fps=FPS, size=(352, 288))
    return film(tmp_path_factory.mktemp("films") / "street.mp4", scene)


def run(source: Path, zones: Sequence[Zone], **options: object) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    analyze(str(source), zones, emit=lines.append, **options)  # type: ignore[arg-type]
    return lines


def test_a_file_is_looked_at_as_a_worker_looks_in_one_thread(street: Path) -> None:
    cv2.setNumThreads(2)
    run(street, [GATE])
    assert cv2.getNumThreads() == 1


def test_the_lines_are_the_contracts(street: Path) -> None:
    lines = run(street, [GATE, PATH])
    assert [line["event"] for line in lines] == [
        "motion.started",
        "loitering.started",
        *[line["event"] for line in lines[2:-1]],
        "summary",
    ]
    start = lines[1]
    assert list(start) == ["event", "t", "zone", "track", "dwell_s", "box"]
    assert start["zone"] == "gate"
    assert isinstance(start["t"], float)
    assert 11.0 <= start["t"] <= 14.0
    box = start["box"]
    assert isinstance(box, list)
    assert len(box) == 4
    assert all(0.0 <= value <= 1.0 for value in box)
    assert "loitering.ended" in [line["event"] for line in lines]
    assert json.loads(json.dumps(lines)) == lines


def test_the_last_line_sums_up(street: Path) -> None:
    summary = run(street, [GATE])[-1]
    assert list(summary) == ["event", "frames", "analysed", "cpu_s", "wall_s"]
    assert summary["frames"] == 250
    assert summary["analysed"] == 125


def test_every_run_says_the_same(street: Path) -> None:
    assert run(street, [GATE, PATH])[:-1] == run(street, [GATE, PATH])[:-1]


def test_every_nth_frame_can_be_asked_for(street: Path) -> None:
    assert run(street, [GATE], every=5)[-1]["analysed"] == 50


def test_progress_is_told_frame_by_frame(street: Path) -> None:
    told: list[tuple[int, int | None]] = []
    run(street, [GATE], progress=lambda done, of: told.append((done, of)))
    assert told[0] == (1, 250)
    assert told[-1] == (250, 250)


def test_a_file_has_no_time_of_day_so_every_zone_is_armed(street: Path) -> None:
    never = ArmedHours(datetime.time(3), datetime.time(3, 1))
    night = Zone("night", ZoneKind.LOITER, MIDDLE, dwell_s=8.0, armed=never)
    assert len(run(street, [night])) == 3
    assert len(run(street, [night], local_time=lambda t_s: datetime.time(12))) == 1


def test_the_film_shows_every_frame(street: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.mp4"
    window = Zone("窗", ZoneKind.PRIVACY, ((0.7, 0), (1, 0), (1, 0.3), (0.7, 0.3)))
    run(street, [GATE, window], render=out)
    with Clip(out) as clip:
        pictures = [luma for luma, _ in clip]
    assert len(pictures) == 250
    # a small picture is shown twice as big, over a strip of two rows and an axis
    assert pictures[100].shape == (2 * 288 + 48, 2 * 352)
    assert pictures[100][80:160, 540:680].mean() < 25


def test_a_film_into_no_folder_is_refused_in_one_sentence(street: Path, tmp_path: Path) -> None:
    with pytest.raises(RenderFailed, match="no such folder"):
        run(street, [GATE], render=tmp_path / "none" / "seen.mp4")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="no such file"):
        run(tmp_path / "none.mp4", [GATE])


def test_a_file_that_is_no_video_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.mp4"
    file.write_bytes(np.random.default_rng(3).bytes(20_000))
    with pytest.raises(SourceUnreadable, match="not a video"):
        run(file, [GATE])


def test_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="folder"):
        run(tmp_path, [GATE])


def test_a_film_cut_off_in_the_middle_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", Scene([], 20, fps=FPS, size=(352, 288)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = run(cut, [GATE])[-1]["frames"]
    assert isinstance(frames, int)
    assert 20 < frames < 200


def test_time_is_the_files_own_at_a_variable_rate(tmp_path: Path) -> None:
    scene = Scene([], 3, fps=FPS, size=(64, 48))
    stamps = [index * 40 if index < 10 else 400 + (index - 10) * 500 for index in range(30)]
    with Clip(film(tmp_path / "vfr.mp4", scene, stamps_ms=stamps)) as clip:
        times = [t_s for _, t_s in clip]
    assert times == pytest.approx([ms / 1000 for ms in stamps], abs=0.002)


def test_a_summary_is_a_line() -> None:
    line = Summary(10, 5, 0.12345, 0.5).as_line()
    assert line == {"event": "summary", "frames": 10, "analysed": 5, "cpu_s": 0.123, "wall_s": 0.5}
