"""The manifests' files, one an incident, beside the evidence. Blocking: for a thread."""

import contextlib
import os
from pathlib import Path

from linkage.errors import EvidenceNotKept

_NAME = "manifests"


class ManifestFolder:
    """Written from the store whenever a manifest has grown; the store's word counts."""

    def __init__(self, evidence: Path) -> None:
        self._folder = evidence / _NAME

    def path_of(self, number: str) -> Path:
        """Where the manifest of the incident of this number lies."""
        return self._folder / f"{number}.jsonl"

    def read(self, number: str) -> str | None:
        """The file's text; None when it is not there."""
        try:
            return self.path_of(number).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def grow(self, number: str, size: int, text: str) -> bool:
        """Append to a file that has `size` bytes, synced, all of it or nothing. False, and nothing
        done, where the file has not that size: it is not the one we know. Raises EvidenceNotKept.
        """
        path = self.path_of(number)
        try:
            with path.open("r+b") as out:
                if out.seek(0, os.SEEK_END) != size:
                    return False
                try:
                    out.write(text.encode())
                    out.flush()
                    os.fsync(out.fileno())
                except OSError:
                    os.truncate(path, size)
                    raise
        except FileNotFoundError:
            return False
        except OSError as error:
            raise EvidenceNotKept(f"a manifest cannot be kept: {error.strerror}") from error
        return True

    def write(self, number: str, text: str) -> None:
        """Whole or not at all, synced. Raises EvidenceNotKept."""
        path = self.path_of(number)
        part = path.with_suffix(".new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                out.write(text.encode())
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise EvidenceNotKept(f"a manifest cannot be kept: {error.strerror}") from error
