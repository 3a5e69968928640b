"""The rules and escalation plans in force, with the files they were read from: for whoever asks why
the system does what it does. Nothing is changed here; that is done in the files.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linkage.escalation.plans import Plans, built_in_plans
from linkage.rules.model import Rules


@dataclass(frozen=True)
class PolicyFile:
    """A settings file as it was when the program read it."""

    path: Path
    text: str | None
    """None: it could not be read a second time."""

    def named_lines(self, table: str) -> dict[str, int]:
        """The lines on which the entries of a list of tables begin, by their `name`; people count
        from 1."""
        return named_lines(self.text or "", table)

    def has_changed(self) -> bool:
        """Whether the file is another one now; then what it says is not in force yet."""
        return text_of(self.path) != self.text


@dataclass(frozen=True)
class PolicyInForce:
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    plans: Plans = field(default_factory=built_in_plans)
    files: Mapping[str, PolicyFile] = field(default_factory=dict)
    """`rules.toml` and `escalation.toml`, by name."""


def lines_of(text: str, table: str) -> list[int]:
    """Where `[[table]]` stands in a TOML text, by line."""
    head = re.compile(rf"\s*\[\[\s*{re.escape(table)}\s*\]\]\s*(#.*)?")
    return [number for number, line in enumerate(text.splitlines(), 1) if head.fullmatch(line)]


def named_lines(text: str, table: str) -> dict[str, int]:
    """Where `[[table]]` stands, by the entry's `name`; nothing where the text is not TOML, or its
    entries cannot be told apart."""
    try:
        entries = tomllib.loads(text).get(table, [])
    except tomllib.TOMLDecodeError:
        return {}
    lines = lines_of(text, table)
    if not isinstance(entries, list) or len(entries) != len(lines):
        return {}
    return {
        str(entry["name"]): line
        for entry, line in zip(entries, lines, strict=True)
        if isinstance(entry, dict) and "name" in entry
    }


def text_of(path: Path) -> str | None:
    """The file's text; None when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def in_force(folder: Path, rules: Rules, plans: Plans) -> PolicyInForce:
    """What was loaded from this folder a moment ago."""
    names = ("rules.toml", "escalation.toml")
    files = {name: PolicyFile(folder / name, text_of(folder / name)) for name in names}
    return PolicyInForce(rules, plans, files)
