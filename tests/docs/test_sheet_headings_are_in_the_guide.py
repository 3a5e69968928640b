"""The operator guide's table of headings is what a clerk fills a sheet in by: it must be whole."""

from pathlib import Path

import pytest

from linkage.registry.sheets.headings import COLUMNS, Column, SheetKind, plain_heading, understood

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "operator-guide.md").read_text("utf-8")


def line_of(kind: SheetKind, column: Column) -> str:
    zh = f"**{column.zh}**" if column.needed else column.zh
    means = f"{column.means.zh} {column.means.en}"
    return f"| {kind.tab} | {zh} | {column.en} | {'、'.join(column.also)} | {means} |"


@pytest.mark.parametrize("kind", SheetKind)
def test_every_heading_is_in_the_guide_s_table(kind: SheetKind) -> None:
    for column in COLUMNS[kind]:
        assert line_of(kind, column) in GUIDE


def test_the_guide_s_table_has_no_other_headings() -> None:
    table = GUIDE.split("| 工作表 Sheet | 表头 |")[1].split("\n\n")[0]
    assert len(table.splitlines()) - 2 == sum(len(columns) for columns in COLUMNS.values())


@pytest.mark.parametrize("kind", SheetKind)
def test_no_heading_could_mean_two_columns(kind: SheetKind) -> None:
    spellings = [
        plain_heading(text)
        for column in COLUMNS[kind]
        for text in {column.zh, column.en, *column.also}
    ]
    assert len(spellings) == len(set(spellings)) == len(understood(kind))
