"""The text of cells: what a spreadsheet program must not take for a formula, and lists in a cell.

Pure. Both ways are each other's inverse, so that what is exported comes back the same.
"""

import re
from collections.abc import Iterable, Sequence

# full-width signs too: some programs take them for the narrow ones
_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_ESCAPED = re.compile("'+[=+\\-@\t\r＝＋－＠]")
_SPECIAL = re.compile(r"([\\/／;；\n])")
_UNDO = re.compile(r"\\([\\/／;；\n])")


def shown(text: str) -> str:
    """A text as it is written: one that would begin a formula gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def meant(text: str) -> str:
    """What a cell says: `shown` undone."""
    return text[1:] if _ESCAPED.match(text) else text


def nested(text: str) -> list[list[str]]:
    """A cell of several entries of several parts, as `a/b；c/d`; empty entries left out."""
    entries = [entry for entry in _split(text, ";；\n") if entry.strip()]
    return [[_plain(part) for part in _split(entry, "/／")] for entry in entries]


def nest(entries: Iterable[Sequence[str]]) -> str:
    """`nested` undone: a separator inside a part gets a backslash before it."""
    return "；".join("/".join(_SPECIAL.sub(r"\\\1", part) for part in entry) for entry in entries)


def _split(text: str, separators: str) -> list[str]:
    parts, characters = [""], iter(text)
    for c in characters:
        if c == "\\":
            parts[-1] += c + next(characters, "")
        elif c in separators:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def _plain(part: str) -> str:
    return _UNDO.sub(r"\1", part).strip()
