"""A period appraised: groups, load, open ones apart; and as tables of text."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from alarms.model import AlarmKind
from lianfang_timing import unix_ms
from linkage.appraisal import tables
from linkage.appraisal.appraising import Gathered, Period, appraise, sources, visits
from linkage.appraisal.grouping import By, Names
from linkage.appraisal.model import Measure, Part
from linkage.appraisal.shifts import BIN_MS
from linkage.appraisal.sources import SourceSort
from linkage.appraisal.tables import Labels
from linkage.duty.model import Post, Rota
from linkage.model.incident import Outcome, Stage
from linkage.model.person import Role
from tests.linkage.appraisal.appraisal_cases import case, lingered, pressed
from tests.linkage.appraisal.test_appraisal_load import pattern

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = unix_ms(datetime(2026, 11, 1, tzinfo=ZONE))
END = unix_ms(datetime(2026, 12, 1, tzinfo=ZONE))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), BEGIN, END)
NAMES = Names({"dongcun": "东村"}, {"t1": "巡防一队"}, {"police": "派出所"})
ROTA = Rota(ZONE, (Post("desk", "值班席", Role.DUTY_OFFICER),), (pattern(8, 12),))
LABELS = Labels({"a": "3组017号"}, {"cam": "村口"})
HOUR = 3_600_000


def gathered(*cases, alarms=None, visited=None):
    return Gathered(NOVEMBER, cases, alarms or {}, NAMES, ROTA, visited or {})


def names(found, by):
    return {group.name.id: (group.name.zh, group.count) for group in found.groups[by]}


def at(hour, **facts):
    return case(opened_at_ms=BEGIN + hour * HOUR, **facts)


def test_groups_are_by_village_team_shift_and_kind():
    cases = [
        at(9, village_id="dongcun", sent_to="t1"),
        at(9, village_id="gone", sent_to="巡防一队", kind=AlarmKind.FIRE),
        at(22, sent_to="police"),
        at(22, sent_to="sealed:2:…"),
        at(22),
    ]
    found = appraise(gathered(*cases), list(By), now_ms=END)
    assert names(found, By.VILLAGE) == {
        "": ("不在任何村", 3),
        "dongcun": ("东村", 1),
        "gone": ("gone", 1),
    }
    assert names(found, By.TEAM) == {
        "team:t1": ("巡防一队", 2),
        "unit:派出所": ("派出所", 1),
        "other": ("其他人员（未登记的队伍）", 1),
        "": ("未派人", 1),
    }
    assert names(found, By.SHIFT) == {"": ("排班无人", 3), "08:00-20:00": ("08:00-20:00", 2)}
    assert names(found, By.KIND) == {"panic": ("紧急求助", 4), "fire": ("火警", 1)}


def test_open_ones_and_practice_are_in_no_figure():
    waiting = at(2, part=Part.OPEN, stage=Stage.DISPATCHED, outcome=None)
    earlier = at(1, part=Part.OPEN, stage=Stage.REPORTED, outcome=None)
    fast = {Measure.SIGN_FOR: 5000}
    drill = at(3, part=Part.PRACTICE, took_ms=fast)
    found = appraise(gathered(waiting, earlier, drill, at(4)), [By.KIND], now_ms=END)
    assert found.open == (earlier, waiting)
    assert found.spreads[0].measured == 0
    assert names(found, By.KIND) == {"panic": ("紧急求助", 1)}


def test_the_load_ends_now_and_is_left_out_where_it_says_nothing():
    alarms = {(BEGIN // BIN_MS, AlarmKind.PANIC): 3}
    found = appraise(gathered(alarms=alarms), [], now_ms=BEGIN + 24 * HOUR)
    assert found.load is not None
    assert found.load.alarms == 3
    assert found.load.officer_hours == 24
    assert found.load.unmanned_hours == 12
    not_begun = appraise(gathered(), [], now_ms=BEGIN - HOUR)
    assert not_begun.load is not None
    assert not_begun.load.officer_hours == 0
    assert appraise(gathered(), [], now_ms=END, with_load=False).load is None


def test_sources_and_visits_are_of_what_counts():
    cases = [pressed("a"), pressed("a"), pressed("a", part=Part.PRACTICE), lingered("cam", "gate")]
    found = sources(gathered(*cases))
    assert [tally.judged for tally in found[SourceSort.HOUSEHOLD]] == [2]
    assert [tally.judged for tally in found[SourceSort.ZONE]] == [1]
    assert len(visits(gathered(*cases))) == 1
    assert visits(gathered(*cases, visited={"a": END})) == []


def test_durations_are_read_in_both_languages():
    told = [tables.duration(ms) for ms in (None, 0, 59_999, 60_000, 3_599_000, 3_661_000)]
    assert told == ["—", "0:00", "0:59", "1:00", "59:59", "1:01:01"]


def test_every_table_has_as_many_cells_as_headings():
    took = {Measure.SIGN_FOR: 40_000, Measure.FEEDBACK: -1}
    cases = [
        *(pressed("a", opened_at_ms=BEGIN + HOUR, took_ms=took) for _ in range(12)),
        pressed("b", Outcome.REAL, village_id="dongcun", took_ms={Measure.ARRIVAL: 5000}),
        lingered("cam", "gate"),
        lingered("cam", None),
        at(3, part=Part.OPEN, stage=Stage.REPORTED, outcome=None),
    ]
    alarms = {(BEGIN // BIN_MS, AlarmKind.PANIC): 3}
    what = gathered(*cases, alarms=alarms)
    now = appraise(what, list(By), now_ms=BEGIN + HOUR)
    empty = appraise(gathered(), list(By), now_ms=BEGIN)
    assert now.load is not None
    assert empty.load is not None
    found = sources(what)
    made = [
        tables.summary(now, empty),
        *tables.spreads(now, empty),
        *tables.spreads(empty, now),
        *tables.spreads(empty, empty),
        *(tables.groups(now, by) for by in By),
        *(tables.groups(now, by, narrow=True) for by in By),
        *tables.load(now.load, ZONE),
        *tables.load(empty.load, ZONE),
        *(tables.sources(found[sort], sort, LABELS) for sort in SourceSort),
        tables.visits(visits(what), LABELS),
        tables.open_cases(now.open, ZONE),
        tables.tidy(now, By.VILLAGE),
    ]
    for table in made:
        assert {len(line) for line in table.lines} <= {len(table.headings)}, table.title
        assert len(table.tab) <= 31
    text = "\n".join("|".join(line) for table in made for line in table.lines)
    assert "3组017号|12|12|" in text
    assert "村口 · gate|1|" in text
    assert "时钟被回拨，不计 Clock set back, not counted|12||0" in text
    assert "30–60 秒 30–60 s|12|100.0%|0" in text
    assert "不足10件 few" in text
    assert "|0:40 / 0:40（12）|" in text
    assert "|全部 All|sign_for|median_s|40.0" in text
    assert "|arrival|p90_s|" in text
