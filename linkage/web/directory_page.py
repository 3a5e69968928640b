"""The directory of a village (通讯录) to print: one page of HTML, Chinese first."""

from collections.abc import Iterable, Sequence
from html import escape

from linkage.registry.directory import HEADINGS, Directory


def page_of(directory: Directory, *, title: str, printed: str) -> str:
    """The page. Our pages allow no inline style, so it has none."""
    parts = [
        "<!doctype html>",
        '<html lang="zh"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(printed)}</p>",
    ]
    for group in directory.groups:
        parts.append(f"<h2>{escape(group.grid)} · {escape(group.name)}</h2>")
        parts.append(_table(HEADINGS, (tuple(vars(line).values()) for line in group.lines)))
    if directory.estates:
        parts.append("<h2>住宅小区 Estates</h2>")
        parts.append(
            _table(
                ("小区 Estate", "物业 Property company", "电话 Telephone"),
                ((one.name, one.company, one.phone) for one in directory.estates),
            )
        )
    return "\n".join((*parts, "</body></html>"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(_row("td", row) for row in rows)
    if not body:
        return "<p>无 / none</p>"
    return f'<table border="1" cellpadding="4" cellspacing="0">{_row("th", head)}{body}</table>'


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts)
    return f"<tr>{cells}</tr>"
