"""What lies in the evidence folder of one clip: found by its name, whoever made it.

A worker writes beside a clip what became of it; of a worker that was lost, what it had written so
far is taken as it is. Blocking: for a thread.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import msgspec

from camerad.evidence.model import ClipFacts, ClipFile, Cut
from lianfang_timing import from_unix_ms
from linkage.model.action import Action

_QUIET_S = 15.0
"""A film that has not grown for so long is grown no more."""
_SMALLEST = 1_000
_READ = 1024 * 1024


@dataclass(frozen=True)
class Wanted:
    """What an action of a clip asks for."""

    clip: str
    from_ms: int
    press_ms: int
    until_ms: int
    is_routine: bool

    @classmethod
    def of(cls, action: Action) -> "Wanted":
        p = action.payload
        times = (p["from_ms"], p["press_ms"], p["until_ms"])
        from_ms, press_ms, until_ms = (t if isinstance(t, int) else 0 for t in times)
        return cls(str(p["clip"]), from_ms, press_ms, until_ms, bool(p["routine"]))

    @property
    def base(self) -> str:
        """Where its files lie, relative to the evidence folder, without their ending."""
        at = from_unix_ms(self.press_ms).astimezone(UTC)
        return f"{at:%Y/%m/%d/%H%M%S}-{self.clip[:24]}"

    @property
    def lasts_s(self) -> float:
        return (self.until_ms - self.from_ms) / 1000


@dataclass(frozen=True)
class Found:
    """What there is of a clip."""

    facts: ClipFacts | None
    """None: it is being made still, or was never begun."""
    begun: bool


def look(folder: Path, wanted: Wanted, camera_id: str, *, now_s: float) -> Found:
    """What lies there. `now_s` is Unix time, as the files' own. Raises OSError."""
    base = folder / wanted.base
    told = base.with_suffix(".json")
    if told.exists():
        return Found(msgspec.json.decode(told.read_bytes(), type=ClipFacts), begun=True)
    files = sorted(base.parent.glob(f"{base.name}*")) if base.parent.is_dir() else []
    if not files:
        return Found(None, begun=False)
    newest_s = max(file.stat().st_mtime for file in files)
    if now_s - newest_s < _QUIET_S or now_s * 1000 < wanted.until_ms:
        return Found(None, begun=True)
    return Found(_left_behind(base, wanted, camera_id, files), begun=True)


def sha256_of(path: Path) -> tuple[str, int]:
    """The digest and the size of a file. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def _left_behind(base: Path, wanted: Wanted, camera_id: str, files: list[Path]) -> ClipFacts:
    """Of a worker that was lost: the film as far as it goes, and the pictures."""
    kept: list[ClipFile] = []
    part, film = base.with_suffix(".part"), base.with_suffix(".mp4")
    if part in files and part.stat().st_size >= _SMALLEST:
        part.rename(film)
    if film.exists():
        ends_ms = min(wanted.until_ms, round(film.stat().st_mtime * 1000))
        kept.append(ClipFile(film.name, "clip", "", wanted.from_ms, ends_ms))
    for picture in files:
        moment = picture.stem.rpartition("-")[2]
        if picture.suffix == ".jpg" and moment in ("before", "at", "after"):
            kept.append(
                ClipFile(picture.name, "snapshot", moment, wanted.press_ms, wanted.press_ms)
            )
    return ClipFacts(wanted.clip, camera_id, tuple(kept), (Cut.WORKER_LOST.value,))
