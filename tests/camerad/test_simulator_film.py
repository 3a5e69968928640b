"""Drawn films and films made of clips: what the simulated cameras play."""

import asyncio
import contextlib
import sys
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from camerad.errors import SourceUnreadable
from camerad.simulator.film import draw_film, ensure_films, film_facts, film_from_clip
from camerad.simulator.light import Hour
from camerad.simulator.reel import load_reel
from camerad.simulator.scenes import BRIDGE, EAST_GATE, SCENES, SCHOOL_GATE
from camerad.simulator.stage import Stage
from tests.polling import until


def test_there_are_six_places_by_day_and_by_night() -> None:
    assert len({scene.id for scene in SCENES}) == 6
    assert {scene.hour for scene in SCENES} >= {Hour.DAY, Hour.NIGHT, Hour.INFRARED}


@pytest.mark.parametrize("scene", [EAST_GATE, SCHOOL_GATE], ids=lambda s: s.id)
def test_a_gate_has_one_long_stay_in_its_zone(scene: object) -> None:
    facts = film_facts(scene)  # type: ignore[arg-type]
    (stay,) = facts.lingering
    assert stay.to_s - stay.from_s >= 30
    assert stay.from_s >= 5
    assert stay.to_s <= facts.seconds - 10
    assert facts.passing_s < 8


def test_elsewhere_people_only_pass() -> None:
    others = [film_facts(s) for s in SCENES if s not in (EAST_GATE, SCHOOL_GATE)]
    assert all(not facts.lingering and 0 < facts.passing_s < 10 for facts in others)


def test_everybody_has_left_before_the_film_begins_again() -> None:
    ends = [actor.walk.end_s for scene in SCENES for actor in scene.cast]
    assert max(ends) <= film_facts(EAST_GATE).seconds


def test_the_same_scene_draws_the_same_pictures() -> None:
    one, other = Stage(EAST_GATE), Stage(EAST_GATE)
    for t_s in (14.0, 14.5):
        assert np.array_equal(one.frame(t_s), other.frame(t_s))


def test_the_one_who_lingers_is_a_fifth_to_a_third_of_the_picture_and_keeps_moving() -> None:
    stage = Stage(EAST_GATE)
    empty, early, late = (stage.frame(t).astype(np.int16) for t in (0.0, 30.0, 31.0))
    person = np.abs(early - empty).max(axis=2) > 40
    rows = np.flatnonzero(person[:, 420:].sum(axis=1) > 4)
    assert 576 / 5 <= rows[-1] - rows[0] <= 576 / 3
    assert (np.abs(late - early).max(axis=2) > 40)[:, 420:].sum() > 100


def test_a_film_is_served_as_it_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "bridge.mp4"
    facts = draw_film(path, BRIDGE, seconds=2, fps=12)
    reel = load_reel(path)
    assert (reel.width, reel.height, reel.fps) == (facts.width, facts.height, 12.0)
    assert [i for i, p in enumerate(reel.pictures) if p.key] == [0, 12]
    assert len(reel.pictures) == 24


def test_films_are_drawn_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    first = ensure_films(tmp_path, [BRIDGE], lambda *n: told.append(n), seconds=1)
    made = first["bridge"][0].stat().st_mtime_ns
    again = ensure_films(tmp_path, [BRIDGE], lambda *n: told.append(n), seconds=1)
    assert again == first
    assert again["bridge"][0].stat().st_mtime_ns == made
    assert told == [(0, 1), (1, 1), (1, 1)]


def _clip(path: Path, *, width: int, height: int, fps: int, frames: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(frames):
            picture = np.full((height, width, 3), i * 5 % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def test_a_clip_keeps_its_size_and_rate(tmp_path: Path) -> None:
    source, target = tmp_path / "clip.avi", tmp_path / "film.mp4"
    _clip(source, width=320, height=240, fps=25, frames=50)
    film_from_clip(source, target)
    reel = load_reel(target)
    assert (reel.width, reel.height, reel.fps) == (320, 240, 25.0)
    assert len(reel.pictures) == 50


def test_a_wide_clip_is_made_narrower(tmp_path: Path) -> None:
    source, target = tmp_path / "clip.avi", tmp_path / "film.mp4"
    _clip(source, width=1920, height=1080, fps=10, frames=4)
    film_from_clip(source, target)
    reel = load_reel(target)
    assert (reel.width, reel.height) == (1280, 720)


@pytest.mark.parametrize("content", [None, b"", b"this is no video at all" * 100])
def test_what_is_no_clip_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    source = tmp_path / "holiday.mp4"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=r"holiday\.mp4"):
        film_from_clip(source, tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


DRAWS_LONG = """
import sys
from pathlib import Path
from camerad.simulator.film import ensure_films
from camerad.simulator.scenes import BRIDGE, MARKET
if __name__ == "__main__":
    ensure_films(Path(sys.argv[1]), [BRIDGE, MARKET], seconds=600)
"""


async def test_who_draws_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "draws.py").write_text(DRAWS_LONG, encoding="utf-8")
    root = str(Path(__file__).resolve().parents[2])
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(tmp_path / "draws.py"), str(tmp_path), env={"PYTHONPATH": root}
    )
    family: list[psutil.Process] = []
    try:

        async def draw() -> bool:
            family[:] = psutil.Process(parent.pid).children(recursive=True)
            return len(list(tmp_path.glob("*.part"))) == 2

        await until(draw, timeout_s=60)
        parent.kill()
        await parent.wait()

        async def are_gone() -> bool:
            return not psutil.wait_procs(family, timeout=0)[1]

        assert await until(are_gone, timeout_s=20)
    finally:
        for left in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()
