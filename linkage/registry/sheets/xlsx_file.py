"""XLSX in and out: the one door to openpyxl, and what Excel does to what people typed."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from linkage.registry.faults import Fault
from linkage.registry.model import Said
from linkage.registry.sheets.cells import meant, shown
from linkage.registry.sheets.errors import Unreadable, too_many_rows
from linkage.registry.sheets.model import MOST_ROWS, Cell, OddCell, RawSheet

MOST_UNPACKED = 200 * 1024 * 1024
"""Bytes; what is larger was made to fill a memory."""
MOST_COLUMNS = 100
_EXACT = 10**15
"""Excel keeps fifteen digits; what a longer number ended with is lost."""
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# what a control character is in a text; XML cannot hold it
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

_MEND_SAVE = Said(
    "请用 Excel 或 WPS 打开，另存为 .xlsx 后再试", "open it in Excel or WPS and save it as .xlsx"
)

_HEADING = Font(bold=True)


def read(content: bytes) -> tuple[list[RawSheet], list[str]]:
    """The visible sheets with their cells, and the names of hidden ones. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            _must_be_workbook(packed)
            parts = _parts(packed)
            merges = {name: _merges(packed.read(part)) for name, part in parts.items()}
            has_formulas = any(
                re.search(rb"<(?:\w+:)?f[ />]", packed.read(part)) for part in parts.values()
            )
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = (
            load_workbook(io.BytesIO(content), read_only=True, data_only=False)
            if has_formulas
            else None
        )
        hidden = [sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"]
        sheets = [
            _sheet(sheet, None if formulas is None else formulas[sheet.title], merges)
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        ]
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        ParseError,
        DefusedXmlException,
        # openpyxl's own words for a file whose parts do not fit each other
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise Unreadable(
            Fault(Said("XLSX 文件已损坏或有密码", "the XLSX file is broken, or locked"), _MEND_SAVE)
        ) from error
    return sheets, hidden


def write(sheets: Mapping[str, Iterable[Sequence[str]]]) -> bytes:
    """A workbook with these tabs; the first row of each is its headings. Every cell is text, so
    that numbers keep their zeros and nothing becomes a formula or a date."""
    # not openpyxl's write-only way: that one writes no size, and readers go through all rows for it
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, row in enumerate(rows, start=1):
            for index, text in enumerate(row, start=1):
                if text:
                    _write_cell(sheet, number, index, text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_cell(sheet: Any, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column, _UNWRITABLE.sub(" ", shown(text)))
    cell.data_type = "s"
    # or Excel makes a number of it once somebody edits the cell
    cell.number_format = "@"
    if row == 1:
        cell.font = _HEADING
        width = max(10, min(30, 2 * len(text) + 4))
        sheet.column_dimensions[get_column_letter(column)].width = width


def _must_be_workbook(packed: zipfile.ZipFile) -> None:
    names = set(packed.namelist())
    if "xl/workbook.xml" not in names:
        raise Unreadable(
            Fault(
                Said("这不是 XLSX 表格", "this is no XLSX workbook"),
                _MEND_SAVE,
            )
        )
    if sum(info.file_size for info in packed.infolist()) > MOST_UNPACKED:
        raise Unreadable(
            Fault(
                Said("文件解压后太大", "the file is too large once unpacked"),
                Said(
                    "请删除图片和空白格式，或分成几个文件",
                    "remove pictures and empty formatted rows, or split it",
                ),
            )
        )


def _parts(packed: zipfile.ZipFile) -> dict[str, str]:
    """By a worksheet's name, the part of the package that holds its cells."""
    relations = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): str(one.get("Target")) for one in relations}
    there = set(packed.namelist())
    found = {}
    for one in ElementTree.fromstring(packed.read("xl/workbook.xml")).iter():
        if one.tag.rpartition("}")[2] == "sheet":
            target = targets.get(one.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part in there:
                found[str(one.get("name"))] = part
    return found


def _merges(cells: bytes) -> list[tuple[int, int, int, int]]:
    """Every merged range as (first column, first row, last column, last row), from 1."""
    texts = re.findall(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)"', cells)
    return [range_boundaries(text.decode()) for text in texts]


def _sheet(
    sheet: Any, formulas: Any | None, merges: Mapping[str, list[tuple[int, int, int, int]]]
) -> RawSheet:
    # what a program wrote of its size may be wrong, and no cells would be read
    sheet.reset_dimensions()
    rows: list[list[Cell]] = []
    said = _formula_rows(formulas)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            raise too_many_rows(sheet.title, MOST_ROWS)
        cells = [_cell(one) for one in row[:MOST_COLUMNS]]
        for index in said.get(number, ()):
            if index < len(cells) and cells[index] == "":
                cells[index] = _UNCOUNTED
        rows.append(cells)
    wide = _spread(rows, merges.get(sheet.title, []))
    return RawSheet(sheet.title, rows, frozenset(wide))


def _formula_rows(sheet: Any | None) -> dict[int, list[int]]:
    """By row number, which cells hold formulas."""
    if sheet is None:
        return {}
    sheet.reset_dimensions()
    found: dict[int, list[int]] = {}
    for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS), start=1):
        which = [index for index, one in enumerate(row) if one.data_type == "f"]
        if which:
            found[number] = which
    return found


def _spread(rows: list[list[Cell]], merges: Sequence[tuple[int, int, int, int]]) -> set[int]:
    """What was merged downwards stands in each of its rows; gives the rows merged sideways."""
    wide: set[int] = set()
    for left, top, right, bottom in merges:
        if right > left:
            wide.update(range(top, min(bottom, len(rows)) + 1))
            continue
        if top > len(rows) or left > len(rows[top - 1]):
            continue
        value = rows[top - 1][left - 1]
        for row in rows[top : min(bottom, len(rows))]:
            row.extend([""] * (left - len(row)))
            row[left - 1] = value
    return wide


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return _error_cell(value) if cell.data_type == "e" else meant(value.strip(" \u3000"))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return OddCell(str(value).removesuffix(" 00:00:00"), _DATE)
    return str(value)


def _number(value: float, number_format: str) -> Cell:
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    if abs(value) >= _EXACT:
        return OddCell(str(int(value)), _TOO_LONG)
    # `017` typed into a cell that shows three digits
    width = len(number_format) if re.fullmatch("0{2,20}", number_format) else 0
    return str(int(value)).zfill(width)


def _error_cell(text: str) -> OddCell:
    return OddCell(
        text,
        Fault(
            Said(f"公式出错（{text}）", f"a formula failed ({text})"),
            Said("请直接填写内容", "write the content itself"),
        ),
    )


_DATE = Fault(
    Said("被 Excel 变成了日期或时间", "Excel has made a date or time of it"),
    Said(
        "请把这一列设为“文本”格式，再重新填写原来的内容",
        "set the column to “Text”, then type it again as it was",
    ),
)
_TOO_LONG = Fault(
    Said("数字太长，Excel 只保留 15 位", "Excel keeps only 15 digits of so long a number"),
    Said(
        "请把这一列设为“文本”格式，再重新填写全部数字",
        "set the column to “Text”, then type all digits again",
    ),
)
_UNCOUNTED = OddCell(
    "=…",
    Fault(
        Said("公式没有结果", "a formula without a result"),
        Said(
            "请在 Excel 中打开并保存，或复制后“选择性粘贴为数值”",
            "open and save it in Excel, or paste it as values",
        ),
    ),
)
