"""Zones of a camera: what a change changes, what it uncovers, which hours a night has."""

import tomllib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from camerad.errors import BadZone
from camerad.model import ZoneKind
from camerad.working_days import WorkingDays
from camerad.zones import parse_zones
from linkage.zones.deciding import changes, uncovered
from linkage.zones.file import text_of
from linkage.zones.model import MOST_CORNERS, MOST_ZONES, KeptZone, kept_of
from linkage.zones.night import hours_of, last_night, local_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
GATE = KeptZone("gate", ZoneKind.LOITER, LEFT, 20.0, 0.08, "22:00-06:00", "00:00-24:00")
STREET = KeptZone("street", ZoneKind.MOTION, RIGHT)
WINDOW = KeptZone("window", ZoneKind.PRIVACY, RIGHT)


def entry(**more):
    return {"name": "gate", "kind": "motion", "polygon": [[0, 0], [1, 0], [1, 1]], **more}


def test_each_zone_is_added_removed_or_changed():
    larger = KeptZone("street", ZoneKind.MOTION, LEFT)
    found = changes([GATE, STREET], [larger, WINDOW])
    assert (found.added, found.removed, found.changed) == (("window",), ("gate",), ("street",))
    assert found
    assert found.said == (
        "新增 window，删除 gate，改动 street",
        "added window, removed gate, changed street",
    )


def test_the_same_zones_are_no_change():
    found = changes([GATE, STREET], [STREET, GATE])
    assert not found
    assert found.said == ("没有改动", "nothing changed")


@pytest.mark.parametrize(
    ("new", "open_"),
    [
        ([WINDOW], ()),
        ([KeptZone("pane", ZoneKind.PRIVACY, RIGHT)], ()),
        ([], ("window",)),
        ([KeptZone("window", ZoneKind.MOTION, RIGHT)], ("window",)),
        ([KeptZone("window", ZoneKind.PRIVACY, LEFT)], ("window",)),
    ],
)
def test_a_privacy_zone_taken_away_or_drawn_anew_uncovers(new, open_):
    assert uncovered([GATE, WINDOW], new) == open_


def test_zones_are_kept_in_order_of_their_names_and_bare_of_spaces():
    kept = kept_of(
        [entry(name=" b "), entry(name="a", kind="loiter", dwell="2min", armed=" 22:00 - 6:00 ")]
    )
    assert [zone.name for zone in kept] == ["a", "b"]
    assert (kept[0].dwell_s, kept[0].armed) == (120.0, "22:00-6:00")
    assert kept[1].dwell_s is None


def test_a_loiter_zone_may_leave_its_dwell_to_the_site():
    (kept,) = kept_of([entry(kind="loiter")])
    assert kept.dwell_s is None


@pytest.mark.parametrize(
    ("entries", "key"),
    [
        ([entry(name=str(n)) for n in range(MOST_ZONES + 1)], "zones"),
        ([entry(name="x" * 65)], "name"),
        ([entry(name="a\nb")], "name"),
        ([entry(polygon=[[n / 1000, 0] for n in range(MOST_CORNERS)] + [[1, 1]])], "polygon"),
        ([entry(kind="loiter", dwell="2h")], "dwell"),
        ([entry(kind="loiter", dwell="500ms")], "dwell"),
        ([entry(polygon=[[0, 0], [1, 1], [1, 0], [0, 1]])], "polygon"),
    ],
)
def test_what_cannot_be_kept_names_its_key_in_both_languages(entries, key):
    with pytest.raises(BadZone) as wrong:
        kept_of(entries)
    assert wrong.value.key == key
    zh, _, en = str(wrong.value).partition(" / ")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
    assert en.isascii()


def test_a_file_written_here_reads_as_the_same_zones():
    zones = kept_of([zone.entry() for zone in (GATE, STREET, WINDOW)])
    odd = KeptZone('a "b" \\ 门', ZoneKind.IGNORE, LEFT)
    text = text_of([*zones, odd], about="cam\n1")
    assert text.startswith("# cam 1\n")
    read = parse_zones(text, source="z")
    assert [zone.name for zone in read] == ["gate", "street", "window", odd.name]
    assert kept_of(tomllib.loads(text)["zone"][:3]) == zones


def test_last_night_is_the_one_before_today_s_day():
    # half past midnight in Shanghai: the night goes on
    assert last_night(datetime(2026, 11, 21, 16, 30, tzinfo=UTC), SHANGHAI) == date(2026, 11, 21)
    begin, end = hours_of(date(2026, 11, 21), SHANGHAI)
    assert (begin, end) == (
        datetime(2026, 11, 21, 10, tzinfo=UTC),
        datetime(2026, 11, 22, 0, tzinfo=UTC),
    )


def test_a_moment_knows_whether_its_day_and_the_one_before_are_off():
    days = WorkingDays(days_off=frozenset({date(2026, 11, 23)}))
    sunday_evening = datetime(2026, 11, 22, 12, tzinfo=UTC)
    tuesday = datetime(2026, 11, 23, 17, tzinfo=UTC)
    found = local_time(int(sunday_evening.timestamp() * 1000), SHANGHAI, days)
    assert (found.hour, found.is_off, found.was_off) == (20, True, True)
    found = local_time(int(tuesday.timestamp() * 1000), SHANGHAI, days)
    assert (found.hour, found.is_off, found.was_off) == (1, False, True)
