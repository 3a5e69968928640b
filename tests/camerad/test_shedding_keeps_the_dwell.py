"""Fewer looks leave the dwell as it is: it is counted in stream time and not in pictures."""

from camerad.detection import Detector
from camerad.model import EventName, Zone, ZoneKind
from camerad.shedding import Pace, SheddingRules
from tests.camerad.drawn_scenes import Scene, Walker

RATES = SheddingRules().steps_per_s
MIDDLE = ((0.3, 0.55), (0.7, 0.55), (0.7, 0.95), (0.3, 0.95))
LINGERS = [(2.0, -30.0, 450.0), (9.0, 350.0, 450.0), (23.0, 350.0, 450.0)]
PASSES = [(2.0, -30.0, 450.0), (18.0, 740.0, 450.0)]


def told_at(way: list[tuple[float, float, float]]) -> dict[float, list[float]]:
    """When loitering of 10 s is told at each of the rates that a worker steps down to."""
    watching = {
        per_s: (Detector([Zone("gate", ZoneKind.LOITER, MIDDLE, dwell_s=10.0)]), Pace(RATES[0]))
        for per_s in RATES
    }
    told: dict[float, list[float]] = {per_s: [] for per_s in RATES}
    for luma, t_s in Scene([Walker(way)], 23, fps=5).frames():
        for per_s, (detector, pace) in watching.items():
            if detector.wants(t_s) and pace.take(t_s, per_s):
                said = detector.process(luma, t_s)
                told[per_s] += [d.t_s for d in said if d.name is EventName.LOITERING_STARTED]
    return told


def test_one_who_lingers_is_told_after_the_same_dwell_at_every_rate() -> None:
    told = told_at(LINGERS)
    (usual_s,) = told[RATES[0]]
    for per_s, (at_s,) in told.items():
        assert abs(at_s - usual_s) <= 1.5 / per_s + 0.2


def test_one_who_passes_lingers_at_no_rate() -> None:
    assert not any(told_at(PASSES).values())
