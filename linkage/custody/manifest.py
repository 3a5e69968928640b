"""The manifest of an incident: signed lines, each holding the digest of the one before. Pure.

A line is one JSON object: `entry` (what is said), `digest` (SHA-256 of the entry's canonical
JSON), `signature` (Ed25519 by the site's key over `SIGNED` and the digest).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alarms.store.chain import GENESIS, canonical, digest_of

SIGNED = "lianfang-evidence-v1|"
"""Before the digest in what is signed: no signature of the site fits another kind of text."""

IsSigned = Callable[[str, str], bool]
"""Whether the second is the site's signature of the first."""


@dataclass(frozen=True)
class Line:
    """One entry as it was signed."""

    entry: dict[str, Any]
    digest: str
    signature: str

    def text(self) -> str:
        return canonical({"entry": self.entry, "digest": self.digest, "signature": self.signature})


def text_of(lines: Sequence[Line]) -> str:
    """The manifest's file."""
    return "".join(line.text() + "\n" for line in lines)


def parse(text: str) -> list[Line | None]:
    """The lines of a manifest's file; None for one that is none."""
    return [_line(raw) for raw in text.splitlines()]


def faults(lines: Sequence[Line | None], is_signed: IsSigned) -> Iterator[str]:
    """One sentence for each line that does not stand where it was signed to stand."""
    previous = GENESIS
    for n, line in enumerate(lines, start=1):
        if line is None:
            yield f"line {n} cannot be read"
            continue
        wrong = _wrong(line, n, previous, is_signed)
        if wrong is not None:
            yield f"line {n} {wrong}"
        previous = line.digest


def differences(found: Sequence[Line | None], kept: Sequence[Line]) -> Iterator[str]:
    """One sentence for each line of the file that is not what the store has there."""
    where = {line.digest: n for n, line in enumerate(kept, start=1)}
    for n, (line, right) in enumerate(zip(found, kept, strict=False), start=1):
        if line == right:
            continue
        was = None if line is None else where.get(line.digest)
        yield f"line {n} was changed" if was in (None, n) else f"line {n} was line {was}: reordered"
    if len(found) < len(kept):
        yield f"{len(kept) - len(found)} lines are missing at the end"
    if len(found) > len(kept):
        yield f"{len(found) - len(kept)} lines are too many"


def _wrong(line: Line, n: int, previous: str, is_signed: IsSigned) -> str | None:
    if digest_of(canonical(line.entry)) != line.digest:
        return "was changed: it is not what was signed"
    if not is_signed(SIGNED + line.digest, line.signature):
        return "is not signed with the site's key"
    if line.entry.get("n") != n:
        return f"is entry {line.entry.get('n')}: reordered, or one is missing"
    if line.entry.get("prev") != previous:
        return "does not follow the line before"
    return None


def _line(raw: str) -> Line | None:
    try:
        match json.loads(raw):
            case {"entry": dict(entry), "digest": str(digest), "signature": str(signature)}:
                return Line(entry, digest, signature)
    except ValueError:
        pass
    return None
