"""No adversary is a tampered camera: not nightfall, not a lorry that fills the picture for 6 s."""

import functools

import pytest

from benchmarks.adversaries import ALONE_S, FOOTAGE, beds
from camerad.model import EventName
from camerad.picture_health import PictureHealth
from camerad.simulator.adversaries.catalogue import ADVERSARIES, Adversary
from camerad.simulator.adversaries.layers import Bed, play
from camerad.simulator.adversaries.sensor import FocusHunt, Noise
from camerad.simulator.adversaries.things import Lorry
from tests.external import real_footage


@functools.cache
def all_beds() -> dict[str, Bed]:
    drawn, *real = beds()
    return {"drawn": drawn, **{bed.name: bed for bed in real}}


def bed_of(place: str) -> Bed:
    if place in FOOTAGE:
        real_footage(FOOTAGE[place][0])
    return all_beds()[place]


@pytest.mark.parametrize("place", ["drawn", *FOOTAGE])
@pytest.mark.parametrize("adversary", ADVERSARIES, ids=str)
def test_it_is_no_tampering(adversary: Adversary, place: str) -> None:
    health, said = PictureHealth(), []
    for picture, t_s in adversary.film(bed_of(place), ALONE_S, fps=2.0):
        if health.wants(t_s):
            said += health.process(picture, t_s)
    assert [(d.name, d.t_s, health.trouble) for d in said] == []


def test_a_lorry_that_stays_before_the_lens_is() -> None:
    bed, health, said = all_beds()["drawn"], PictureHealth(), []
    for picture, t_s in play(bed, (Lorry(20.0, 25.0), Noise()), 60.0, fps=2.0):
        if health.wants(t_s):
            said += health.process(picture, t_s)
    assert [d.name for d in said] == [EventName.TAMPER_STARTED, EventName.TAMPER_ENDED]
    assert 21.0 <= said[0].t_s <= 31.0
    assert 46.0 <= said[1].t_s <= 57.0


def test_a_lens_that_stays_out_of_focus_is() -> None:
    bed, health, said = all_beds()["drawn"], PictureHealth(), []
    lost = FocusHunt((20.0,), seconds=60.0, blur=0.02)
    for picture, t_s in play(bed, (lost, Noise(0.8, 0.8)), 56.0, fps=2.0):
        if health.wants(t_s):
            said += health.process(picture, t_s)
    assert [d.name for d in said] == [EventName.TAMPER_STARTED]
