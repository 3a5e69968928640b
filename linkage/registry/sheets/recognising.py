"""From cells to tables: which sheet is which, where its headings stand, what its columns are.

Pure. Faults of the headings are found here, those of the rows in `planning`.
"""

from linkage.registry.model import Said
from linkage.registry.sheets.headings import (
    COLUMNS,
    GUIDE_TAB,
    Column,
    SheetKind,
    column_of,
    plain_heading,
    understood,
)
from linkage.registry.sheets.model import (
    Cell,
    Findings,
    OddCell,
    Problem,
    RawSheet,
    Row,
    Table,
    letters,
    shortened,
)
from linkage.registry.sheets.nearness import nearest

_HEADINGS_WITHIN = 10
"""A title and a remark or two may stand above the headings."""
_FEWEST_ALIKE = 2
_KNOWN = {kind: understood(kind) for kind in SheetKind}


def tables_of(sheets: list[RawSheet], hidden: list[str], findings: Findings) -> list[Table]:
    """The sheets whose headings were recognised. What was not read is said in `findings`."""
    found = []
    for sheet in sheets:
        if plain_heading(sheet.name) == GUIDE_TAB or not any(any(row) for row in sheet.rows):
            continue
        table = _table(sheet, findings)
        if table is not None:
            found.append(table)
    for name in hidden:
        findings.warnings.append(
            _of_sheet(
                name,
                Said("隐藏的工作表没有读取", "a hidden sheet was not read"),
                Said("如需导入，请取消隐藏", "show it if it should be imported"),
            )
        )
    if not found and not findings.problems:
        findings.problems.append(
            _of_sheet(
                sheets[0].name if sheets else "",
                Said("文件里没有任何内容", "there is nothing in the file"),
                Said("请用导出的表格或模板填写", "begin with an export, or with the template"),
            )
        )
    return found


def _table(sheet: RawSheet, findings: Findings) -> Table | None:
    at, kind = _where(sheet)
    if kind is None:
        findings.problems.append(
            _of_sheet(
                sheet.name,
                Said(
                    f"前 {_HEADINGS_WITHIN} 行里没有认得的表头",
                    f"no headings were recognised in the first {_HEADINGS_WITHIN} rows",
                ),
                Said(
                    "表头须有“户编号”“户称呼”等，见操作手册或模板；不要导入的工作表请删除或隐藏",
                    "headings such as 户编号 and 户称呼 are needed: see the guide or the template; "
                    "delete or hide a sheet that is not to be imported",
                ),
            )
        )
        return None
    columns = _columns(sheet, at, kind, findings)
    missing = [c for c in COLUMNS[kind] if c.needed and c.key not in columns]
    for column in missing:
        findings.problems.append(
            Problem(
                sheet.name,
                at + 1,
                column.zh,
                "",
                "",
                Said(f"缺少“{column.zh}”一列", f"the column “{column.zh}” is missing"),
                Said(
                    f"请加上表头“{column.zh}”（或 {column.en}）",
                    f"add the heading “{column.zh}”, or “{column.en}”",
                ),
            )
        )
    if missing:
        return None
    return Table(kind, sheet.name, columns, _rows(sheet, at, kind, columns, findings))


def _where(sheet: RawSheet) -> tuple[int, SheetKind | None]:
    """The index of the row of headings, and what kind of sheet they make."""
    best: tuple[int, int, SheetKind | None] = (0, 0, None)
    for at, row in enumerate(sheet.rows[:_HEADINGS_WITHIN]):
        plain = {plain_heading(_text(cell)) for cell in row} - {""}
        for kind in SheetKind:
            columns = {known.key: known for h in plain if (known := _KNOWN[kind].get(h))}
            named = plain_heading(sheet.name) in (kind.tab, kind.value)
            telling = any(column.tells for column in columns.values())
            # the tab's name decides between kinds that share their headings, no more
            score = 4 * len(columns) + 2 * telling + named
            if len(columns) >= _FEWEST_ALIKE and score > best[1]:
                best = (at, score, kind)
    return best[0], best[2]


def _columns(
    sheet: RawSheet, at: int, kind: SheetKind, findings: Findings
) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    below = sheet.rows[at + 1 :]
    for index, cell in enumerate(sheet.rows[at]):
        text = _text(cell)
        column = _KNOWN[kind].get(plain_heading(text))
        if column is not None and column.key not in found:
            found[column.key] = (index, text)
            continue
        filled = any(index < len(row) and row[index] != "" for row in below)
        problem, serious = _heading_fault(kind, text, column, found, filled=filled)
        if problem is None:
            continue
        said = Problem(sheet.name, at + 1, text, f"{letters(index)}{at + 1}", text, *problem)
        (findings.problems if serious else findings.warnings).append(said)
    return found


def _heading_fault(
    kind: SheetKind,
    text: str,
    column: Column | None,
    found: dict[str, tuple[int, str]],
    *,
    filled: bool,
) -> tuple[tuple[Said, Said] | None, bool]:
    """What is wrong with a heading that gives no new column, and whether it is serious."""
    if column is not None:
        first = letters(found[column.key][0])
        return (
            Said(
                f"“{column.zh}”有两列，另一列是 {first} 列",
                f"“{column.zh}” stands there twice, also in column {first}",
            ),
            Said("请删除其中一列", "delete one of them"),
        ), True
    if text == "":
        if not filled:
            return None, False
        return (
            Said("这一列有内容，但没有表头", "the column has content but no heading"),
            Said("请填写表头，或删除这一列", "give it a heading, or delete the column"),
        ), True
    near = _meant(kind, text)
    if near is not None and near.key not in found:
        return (
            Said(f"不认得表头“{text}”", f"the heading “{text}” is not known"),
            Said(
                f"是不是“{near.zh}”？请改正；不需要的列请删除",
                f"is it “{near.zh}”? Correct it, or delete the column",
            ),
        ), True
    return (
        Said(f"不认得表头“{text}”，这一列没有读取", f"“{text}” is not known: not read"),
        Said("不需要导入就不必改", "nothing to mend if it need not be imported"),
    ), False


def _meant(kind: SheetKind, text: str) -> Column | None:
    plain = plain_heading(text)
    within = 2 if plain.isascii() and len(plain) >= 6 else 1
    if len(plain) < 2:
        return None
    found = nearest(plain, _KNOWN[kind], within=within)
    return None if found is None or len(found) < 2 else _KNOWN[kind][found]


def _rows(
    sheet: RawSheet,
    at: int,
    kind: SheetKind,
    columns: dict[str, tuple[int, str]],
    findings: Findings,
) -> list[Row]:
    rows = []
    width = len(sheet.rows[at])
    for number, cells in enumerate(sheet.rows[at + 1 :], start=at + 2):
        if not any(cells):
            continue
        if number in sheet.merged_wide:
            findings.problems.append(
                Problem(
                    sheet.name,
                    number,
                    "",
                    "",
                    _first(cells),
                    Said("这一行有横向合并的单元格", "cells beside each other are merged here"),
                    Said(
                        "请取消合并；合计、备注行请删除",
                        "unmerge them; delete rows of totals and remarks",
                    ),
                )
            )
            continue
        over = next((i for i, cell in enumerate(cells) if i >= width and cell != ""), None)
        if over is not None:
            findings.problems.append(
                Problem(
                    sheet.name,
                    number,
                    "",
                    f"{letters(over)}{number}",
                    shortened(_text(cells[over])),
                    Said(
                        f"这一行有 {over + 1} 格，表头只有 {width} 格",
                        f"the row has {over + 1} cells, there are {width} headings",
                    ),
                    Said(
                        "请检查是否多了分隔符；含逗号的内容要用双引号括起来",
                        "look for a separator too many; text with a comma needs double quotes",
                    ),
                )
            )
            continue
        rows.append(
            Row(
                number,
                {
                    key: cells[index] if index < len(cells) else ""
                    for key, (index, _) in columns.items()
                },
            )
        )
    if not rows and not findings.problems:
        heading = column_of(kind, next(iter(columns))).zh
        findings.warnings.append(
            _of_sheet(
                sheet.name,
                Said("表头下面没有内容", "there is nothing below the headings"),
                Said(f"请从“{heading}”起填写", f"fill it in, beginning with “{heading}”"),
            )
        )
    return rows


def _first(cells: list[Cell]) -> str:
    return shortened(next((_text(cell) for cell in cells if cell != ""), ""))


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, OddCell) else cell


def _of_sheet(name: str, why: Said, mend: Said) -> Problem:
    return Problem(name, None, "", "", "", why, mend)
