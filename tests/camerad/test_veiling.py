"""Who moves is covered in every picture, also while standing, also before they came; by pixels."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from camerad.errors import SourceUnreadable
from camerad.evidence.veiled_film import main, veil_film, veil_picture
from camerad.evidence.veiling import Changes, cover, grid_of, whole

HIGH, WIDE, RATE, COUNT = 240, 320, 10, 60
BODY = (18, 54)


def background() -> np.ndarray:
    """A wall with fine texture, so that covering it shows."""
    noise = np.random.default_rng(7).integers(90, 150, (HIGH, WIDE))
    return noise.astype(np.uint8)


WALL = background()


def walker_at(n: int) -> tuple[int, int]:
    """Left and top of who walks through the lower half."""
    return 10 + n * 3, 150


def stander_at(n: int) -> tuple[int, int]:
    """Comes at the twentieth picture, and stands, swaying by a pixel, until the end."""
    return (230 + n % 2, 60) if n >= 20 else (-100, 60)


def leaver_at(n: int) -> tuple[int, int]:
    """Stands from the first picture, without a move, and leaves at the fortieth."""
    return (90, 40) if n < 40 else (-100, 40)


PEOPLE = (walker_at, stander_at, leaver_at)


def scene(n: int) -> np.ndarray:
    picture = WALL.copy()
    for at in PEOPLE:
        left, top = at(n)
        if left < 0:
            continue
        wide, high = BODY
        checks = np.indices((high, wide)).sum(axis=0) // 4 % 2
        picture[top : top + high, left : left + wide] = np.where(checks, 30, 220)
    return picture


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("veil") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        stream.options = {"g": str(RATE), "bf": "0", "preset": "ultrafast", "crf": "12"}
        for n in range(COUNT):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(n), format="gray")))
        container.mux(stream.encode())
    return path


def shown(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="gray")) for f in container.decode(video=0)]


def is_flat(picture: np.ndarray, left: int, top: int, wide: int, high: int) -> bool:
    """Whether no detail is left there: within a block all is one grey, but for coding."""
    rows, columns = grid_of(HIGH, WIDE)
    part = picture[top : top + high, left : left + wide]
    coarse = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    flat = cv2.resize(coarse, (WIDE, HIGH), interpolation=cv2.INTER_NEAREST)
    return float(cv2.absdiff(part, flat[top : top + high, left : left + wide]).mean()) < 6


def test_everybody_is_covered_in_every_picture_and_the_still_wall_is_not(
    film: Path, tmp_path: Path
):
    target = tmp_path / "veiled.mp4"
    veil_film(film, target, everything=False)
    before, after = shown(film), shown(target)
    assert [t for t, _ in after] == pytest.approx([t for t, _ in before], abs=0.002)
    for n, (_, picture) in enumerate(after):
        for at in PEOPLE:
            left, top = at(n)
            if left >= 0:
                assert is_flat(picture, left, top, *BODY), f"{at.__name__} in picture {n}"
                assert not is_flat(before[n][1], left, top, *BODY)
        assert not is_flat(picture, 0, 0, 40, 40)
    # where somebody will come to stand, and has left, it is covered too
    assert is_flat(after[0][1], *stander_at(COUNT - 1), *BODY)
    assert is_flat(after[-1][1], *leaver_at(0), *BODY)


def test_a_whole_film_is_covered_where_that_is_wanted(film: Path, tmp_path: Path):
    target = tmp_path / "veiled.mp4"
    veil_film(film, target, everything=True)
    assert all(is_flat(picture, 0, 0, WIDE, HIGH) for _, picture in shown(target)[::10])


def test_a_picture_is_covered_as_a_whole(tmp_path: Path):
    cv2.imwrite(str(tmp_path / "p.jpg"), scene(30))
    veil_picture(tmp_path / "p.jpg", tmp_path / "q.jpg")
    assert is_flat(cv2.imread(str(tmp_path / "q.jpg"), cv2.IMREAD_GRAYSCALE), 0, 0, WIDE, HIGH)


def test_a_change_of_light_covers_nothing_and_a_film_without_pictures_is_covered_whole():
    light = Changes(HIGH, WIDE)
    for n in range(20):
        light.see(WALL + np.uint8(n))
    assert not light.veil().any()
    assert Changes(HIGH, WIDE).veil().all()


def test_who_is_as_grey_as_the_wall_is_covered_by_their_folds():
    plain, folds = np.full((HIGH, WIDE), 120, np.uint8), np.full((HIGH, WIDE), 120, np.uint8)
    folds[100:160:1, 100:130] = np.where(np.arange(30) % 2, 110, 130)
    changes = Changes(HIGH, WIDE)
    changes.see(plain)
    changes.see(folds)
    veil = changes.veil()
    rows, columns = veil.shape
    assert veil[130 * rows // HIGH, 115 * columns // WIDE]
    assert not veil[0, 0]


def test_a_veiled_block_is_one_value_and_others_stay_as_they_are():
    veil = np.zeros(grid_of(HIGH, WIDE), np.bool_)
    veil[0, 0] = True
    covered = cover(WALL, veil)
    assert len(np.unique(covered[:10, :10])) == 1
    assert np.array_equal(covered[10:], WALL[10:])
    assert whole(HIGH, WIDE).shape == grid_of(HIGH, WIDE) == (24, 32)


@pytest.mark.parametrize("name", ["x.jpg", "x.mp4"])
def test_what_is_no_film_is_refused_with_one_sentence(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    source = tmp_path / name
    source.write_bytes(b"no picture")
    with pytest.raises(SourceUnreadable):
        (veil_picture if name == "x.jpg" else veil_film_whole)(source, tmp_path / "y")
    monkeypatch.setattr("os.nice", lambda by: by)
    assert main(source, tmp_path / "y", "whole") == 1
    assert "x." in capsys.readouterr().err


def veil_film_whole(source: Path, target: Path) -> None:
    veil_film(source, target, everything=True)
