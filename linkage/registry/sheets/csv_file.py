"""CSV in and out: encodings and separators as Excel, WPS and other programs in China write them."""

import csv
import io
from collections.abc import Iterable, Sequence

from linkage.registry.faults import Fault
from linkage.registry.model import Said
from linkage.registry.sheets.cells import meant, shown
from linkage.registry.sheets.errors import Unreadable, too_many_rows
from linkage.registry.sheets.model import MOST_ROWS, Cell, RawSheet

_SEPARATORS = ",;\t"
_LINES_LOOKED_AT = 10


def read(content: bytes, name: str) -> RawSheet:
    """The rows of a CSV file. Raises Unreadable."""
    text = _decoded(content)
    if "\0" in text:
        raise Unreadable(
            Fault(
                Said("这不是表格文件", "this is no sheet"),
                Said("请用 Excel 或 WPS 另存为 CSV 或 XLSX", "save it as CSV or XLSX"),
            )
        )
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        # what Excel itself puts before the headings; the row is counted all the same
        return RawSheet(name, [[], *_rows(rest, first.strip()[4], name)])
    return RawSheet(name, _rows(text, _separator(text), name))


def write(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with the mark that Excel wants, commas, CRLF; the same rows give the same bytes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([shown(text) for text in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        # nearly no GB18030 text is UTF-8 by chance; the other way round it often is
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable(
        Fault(
            Said(
                "文字编码既不是 UTF-8 也不是 GB18030",
                "its characters are neither UTF-8 nor GB18030",
            ),
            Said(
                "请用 Excel 或 WPS 打开，另存为“CSV UTF-8”或 XLSX",
                "open it in Excel or WPS and save it as “CSV UTF-8” or XLSX",
            ),
        )
    )


def _separator(text: str) -> str:
    """The one that the first lines have most of."""
    lines = text.splitlines()[:_LINES_LOOKED_AT]
    return max(_SEPARATORS, key=lambda one: max((line.count(one) for line in lines), default=0))


def _rows(text: str, separator: str, name: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            if len(rows) == MOST_ROWS:
                raise too_many_rows(name, MOST_ROWS)
            rows.append([meant(cell.strip(" \u3000")) for cell in row])
    except csv.Error as error:
        raise Unreadable(
            Fault(
                Said(
                    f"从第 {len(rows) + 1} 行起引号不成对，或一格太长",
                    f"from row {len(rows) + 1} on the quotation marks do not match, or a cell is "
                    "too long",
                ),
                Said(
                    "请检查这一行的双引号，或另存为 XLSX",
                    "look at the double quotes of that row, or save the file as XLSX",
                ),
            ),
            sheet=name,
            row=len(rows) + 1,
        ) from error
    return rows
