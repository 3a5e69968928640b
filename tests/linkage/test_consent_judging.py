"""Is what a household agreed to whole."""

from dataclasses import replace
from datetime import date

import pytest

from linkage.consent.judging import judged, must_be_a_households
from linkage.consent.model import Agreement
from linkage.registry.errors import BadEntry, NotPossible

TODAY = date(2026, 11, 22)
GIVEN = Agreement("h1", " 林  户主 ", "2026-11-22", "报警时查看\n院门", "同意书 001", keeps=False)


def test_what_is_kept_is_tidy():
    kept = judged(GIVEN, TODAY)
    assert (kept.agreed_by, kept.purpose, kept.agreed_on) == (
        "林 户主", "报警时查看 院门", "2026-11-22",
    )  # fmt: skip


@pytest.mark.parametrize("field", ["agreed_by", "purpose", "reference"])
@pytest.mark.parametrize("text", ["", " \n", "长" * 501])
def test_nothing_of_it_may_be_left_out_nor_go_on_without_end(field: str, text: str):
    with pytest.raises(BadEntry) as refused:
        judged(replace(GIVEN, **{field: text}), TODAY)
    assert refused.value.field == field


@pytest.mark.parametrize("day", ["2026-11-23", "", "昨天", "2026-13-01"])
def test_the_paper_was_signed_on_a_day_that_has_come(day: str):
    with pytest.raises(BadEntry) as refused:
        judged(replace(GIVEN, agreed_on=day), TODAY)
    assert refused.value.field == "agreed_on"


def test_only_a_households_camera_rests_on_consent():
    must_be_a_households("private")
    with pytest.raises(NotPossible):
        must_be_a_households("public")
