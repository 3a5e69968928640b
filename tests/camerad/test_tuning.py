"""What other settings of a zone would have raised: variants, verdicts, the suggested one."""

import json
from pathlib import Path

import pytest

from camerad.errors import BadZones
from camerad.model import Zone, ZoneKind
from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from camerad.tuning import (
    Span,
    Variant,
    judged,
    spans_of,
    suggested,
    try_out,
    usual_dwells,
    usual_heights,
    variants,
)
from linkage.cli import _parser
from linkage.commands import tune
from tests.commands.running import lianfang, lines_of

GATE = Zone("gate", ZoneKind.LOITER, ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)), 10.0)
STAY = Span(12.0, 40.0)


def variant(dwell_s: float, size: float = 1.0, height: float | None = None) -> Variant:
    (found,) = variants(GATE, [dwell_s], [height], [size])
    return found


def test_every_combination_is_a_variant_and_the_zone_as_drawn_stays_as_drawn() -> None:
    found = variants(GATE, [5.0, 10.0], [None, 0.1], [1.0, 0.5])
    assert len(found) == 8
    assert found[0].zone.polygon == GATE.polygon
    corners = [value for point in found[-1].zone.polygon for value in point]
    assert corners == pytest.approx([0.3, 0.3, 0.5, 0.3, 0.5, 0.5, 0.3, 0.5])
    assert {(v.zone.dwell_s, v.zone.min_height) for v in found} == {
        (5.0, None),
        (5.0, 0.1),
        (10.0, None),
        (10.0, 0.1),
    }


def test_a_grown_zone_stays_inside_the_picture() -> None:
    polygon = variant(5.0, size=9.0).zone.polygon
    assert all(0.0 <= value <= 1.0 for point in polygon for value in point)


def test_an_alert_in_a_stay_finds_it_and_any_other_is_extra() -> None:
    verdict = judged(variant(8.0), [5.0, 20.0, 40.9, 41.1], [STAY, Span(60.0, 70.0)])
    assert verdict.found == (STAY,)
    assert verdict.missed == (Span(60.0, 70.0),)
    assert verdict.extra == (5.0, 41.1)
    assert not verdict.is_right


def test_the_suggestion_is_the_middle_of_what_works_with_the_zone_as_drawn() -> None:
    right = [judged(variant(d), [20.0], [STAY]) for d in (5.0, 8.0, 12.0)]
    grown = judged(variant(8.0, size=1.2), [20.0], [STAY])
    wrong = judged(variant(2.0), [], [STAY])
    assert suggested([wrong, grown, *right]) is right[1]
    assert suggested([wrong, grown]) is grown
    assert suggested([wrong]) is None


def test_times_are_seconds_or_minutes_and_seconds() -> None:
    assert list(spans_of(["12-40", "1:05-1:30.5"])) == [Span(12, 40), Span(65, 90.5)]
    for wrong in ("12", "40-12", "a-b", "-"):
        with pytest.raises(ValueError, match="1:05-1:30"):
            list(spans_of([wrong]))


def test_what_is_usually_tried_lies_around_what_is_set() -> None:
    assert usual_dwells(GATE) == (5.0, 7.5, 10.0, 15.0, 20.0)
    assert usual_heights(GATE) == (None, 0.1, 0.2)
    low = Zone("low", ZoneKind.LOITER, GATE.polygon, 10.0, min_height=0.2)
    assert usual_heights(low) == pytest.approx((0.1, 0.2, 0.3))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Zone, Path]:
    """A drawn clip in which somebody stays at the gate from 12 s on, its zone and zones file."""
    folder = tmp_path_factory.mktemp("tuning")
    facts = draw_film(folder / "gate.mp4", EAST_GATE, seconds=30, fps=10)
    zone = Zone("gate", ZoneKind.LOITER, facts.polygon, dwell_s=8.0)
    polygon = [[round(value, 4) for value in point] for point in facts.polygon]
    text = f'[[zone]]\nname = "gate"\nkind = "loiter"\npolygon = {polygon}\ndwell = "8s"\n'
    (folder / "zones.toml").write_text(text)
    return folder / "gate.mp4", zone, folder / "zones.toml"


def test_on_a_clip_short_dwells_find_the_stay_and_long_ones_miss_it(film) -> None:
    clip, zone, _ = film
    asked = variants(zone, [8.0, 60.0], [None, 0.9], [1.0])
    verdicts = try_out(str(clip), [zone], asked, [Span(12.0, 30.0)])
    right = {(v.variant.zone.dwell_s, v.variant.zone.min_height): v.is_right for v in verdicts}
    assert right == {(8.0, None): True, (60.0, None): False, (8.0, 0.9): False, (60.0, 0.9): False}


def test_the_command_prints_a_table_and_a_suggestion(film) -> None:
    clip, _, zones = film
    common = ("tune", clip, "--zones", zones, "--stay", "12-30", "--dwell", "8s,60s")
    table = lianfang(*common, timeout_s=110)
    assert table.status == 0, table.err
    assert "防区 / zone gate" in table.out
    assert "=>   8.0s" in table.out
    lines = [json.loads(line) for line in lines_of(lianfang(*common, "--json", timeout_s=110))]
    assert [line["dwell_s"] for line in lines if line["suggested"]] == [8.0]
    assert len(lines) == 18


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--stay", "x"], "1:05-1:30"),
        (["--dwell", "5"], "unit"),
        (["--min-height", "2"], "at most 1"),
        (["--width", "9"], "64"),
    ],
)
def test_wrong_usage_is_told(wrong: list[str], says: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args(["tune", "clip.mp4", "--zones", "zones.toml", *wrong])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_a_zone_that_is_not_there_is_told_with_those_that_are(film) -> None:
    clip, _, zones = film
    asked = ["tune", str(clip), "--zones", str(zones), "--zone", "none"]
    with pytest.raises(BadZones, match="gate"):
        tune.main(_parser().parse_args(asked))
