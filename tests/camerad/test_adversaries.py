"""The generators themselves: exact, of any size, and a stander sways where a box does not."""

from itertools import islice, pairwise

import numpy as np
import pytest

from camerad.simulator.adversaries.catalogue import ADVERSARIES, Adversary, twin
from camerad.simulator.adversaries.layers import Bed, Depth, Layer, Luma, Spot, play
from camerad.simulator.adversaries.people import lingerer
from camerad.simulator.adversaries.things import Box, Lorry

SPOT = Spot(0.5, 0.8, 0.4)


def plain(size: tuple[int, int] = (90, 160)) -> Bed:
    """A bed of stripes, so that a shifted picture differs."""
    height, width = size
    stripes = np.tile((90 + 40 * (np.arange(width) // 7 % 2)).astype(np.uint8), (height, 1))
    return Bed("stripes", (stripes,), 5.0, SPOT)


def at(layer: Layer, t_s: float, bed: Bed) -> Luma:
    return layer.over(bed.at(t_s), t_s)


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=str)
def test_the_same_seed_gives_the_same_film(adversary: Adversary) -> None:
    first, second = (
        [picture for picture, _ in adversary.film(plain(), 8.0, seed=3, fps=1.0)] for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=str)
def test_it_happens_while_somebody_would_be_lingering(adversary: Adversary) -> None:
    bed = plain()
    quiet, loud = bed.at(0.0).astype(int), 0.0
    for picture, t_s in adversary.film(bed, 24.0, fps=2.0):
        if t_s >= 5.0:
            loud = max(loud, float(np.mean(np.abs(picture - quiet) > 12)))
    assert loud > 0.004


@pytest.mark.parametrize("size", [(37, 53), (144, 255), (240, 320)])
@pytest.mark.parametrize("adversary", ADVERSARIES, ids=str)
def test_it_goes_over_pictures_of_any_size(adversary: Adversary, size: tuple[int, int]) -> None:
    bed = plain(size)
    before = bed.pictures[0].copy()
    for picture, _ in adversary.film(bed, 30.0, stay=twin(bed), fps=0.25):
        assert picture.shape == size
        assert picture.dtype == np.uint8
    assert np.array_equal(bed.pictures[0], before)


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=str)
def test_a_moment_looks_the_same_whatever_was_asked_before(adversary: Adversary) -> None:
    bed = plain()
    late = {t_s: picture for picture, t_s in adversary.film(bed, 16.0, fps=0.5)}
    # the same moments out of a film at another rate
    for picture, t_s in adversary.film(bed, 16.0, fps=0.25):
        assert np.array_equal(picture, late[t_s])


def test_a_stander_sways() -> None:
    bed = plain((180, 320))
    stay = lingerer(SPOT, bed.aspect, 0.0, 60.0)
    moments = np.arange(stay.arrives_s + 1.0, stay.leaves_s - 1.0, 0.2)
    pictures = [at(stay.person, float(t_s), bed).astype(int) for t_s in moments]
    moved = [np.count_nonzero(np.abs(a - b) > 12) for a, b in pairwise(pictures)]
    # in every three seconds something of the body moves
    assert all(max(moved[i : i + 15]) >= 8 for i in range(0, len(moved) - 15, 5))


def test_a_box_does_not_sway() -> None:
    bed = plain((180, 320))
    box = Box(((0.0, -0.2, 0.8), (4.0, 0.5, 0.8), (60.0, 0.5, 0.8)), 0.4)
    first = at(box, 5.0, bed)
    assert all(np.array_equal(first, at(box, t_s, bed)) for t_s in (6.0, 17.3, 59.0))


@pytest.mark.parametrize("right", [True, False])
def test_a_lingerer_walks_in_over_a_side_of_the_frame(right: bool) -> None:
    bed = plain((180, 320))
    stay = lingerer(SPOT, bed.aspect, 2.0, 20.0, right=right)
    assert np.array_equal(at(stay.person, 2.0, bed), bed.at(2.0))
    early = np.flatnonzero((at(stay.person, 3.0, bed) != bed.at(3.0)).any(axis=0))
    assert (early.min() > 200) if right else (early.max() < 120)
    standing = np.flatnonzero((at(stay.person, stay.arrives_s, bed) != bed.at(0.0)).any(axis=0))
    assert standing.mean() == pytest.approx(160.0, abs=6.0)


def test_a_lorry_fills_the_picture_for_as_long_as_it_was_told() -> None:
    bed = plain((180, 320))
    lorry = Lorry(2.0, 6.0)
    shares = {
        t_s: float(np.mean(np.abs(lorry.over(bed.at(t_s), t_s).astype(int) - bed.at(t_s)) > 20))
        for t_s in np.arange(0.0, 14.0, 0.5).tolist()
    }
    full = [t_s for t_s, share in shares.items() if share > 0.5]
    assert max(full) - min(full) == pytest.approx(6.0, abs=0.6)
    assert shares[1.5] == 0.0
    assert shares[12.0] == 0.0


def test_layers_are_laid_on_from_the_scene_to_the_sensor() -> None:
    class Marked:
        def __init__(self, depth: Depth, laid: list[Depth]) -> None:
            self.depth = depth
            self._laid = laid

        def over(self, picture: Luma, t_s: float) -> Luma:
            self._laid.append(self.depth)
            return picture

    laid: list[Depth] = []
    given = [Marked(depth, laid) for depth in (Depth.SENSOR, Depth.BODY, Depth.NEAR, Depth.LIGHT)]
    list(play(plain(), given, 0.2))
    assert laid == [Depth.BODY, Depth.LIGHT, Depth.NEAR, Depth.SENSOR]


def test_a_bed_of_many_pictures_runs_to_and_fro_without_a_jump() -> None:
    pictures = tuple(np.full((9, 16), grey, np.uint8) for grey in range(5))
    bed = Bed("steps", pictures, 5.0, SPOT)
    greys = [int(picture[0, 0]) for picture, _ in islice(play(bed, (), 4.0), 20)]
    assert greys[:9] == [0, 1, 2, 3, 4, 3, 2, 1, 0]
    assert max(abs(a - b) for a, b in pairwise(greys)) == 1
