"""A page to print: a title, paragraphs and tables.

Our pages allow no inline style: the looks are in the console's `print.css`.
"""

from collections.abc import Iterable, Sequence
from html import escape


def page(title: str, parts: Iterable[str]) -> str:
    """The whole document; `parts` are HTML already."""
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            '<link rel="stylesheet" href="/print.css"></head><body>',
            f"<h1>{escape(title)}</h1>",
            *parts,
            "</body></html>",
        )
    )


def heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Its lines stay lines."""
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or that there is nothing to show."""
    body = "".join(_row("td", row) for row in rows)
    if not body:
        return paragraph("无 / none")
    return f"<table><thead>{_row('th', head)}</thead><tbody>{body}</tbody></table>"


def _row(cell: str, texts: Sequence[str]) -> str:
    cells = "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts)
    return f"<tr>{cells}</tr>"
