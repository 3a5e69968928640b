"""The evidence folder: pictures on disk, each written whole or not at all.

Which incident a picture belongs to stands in the store, not here.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lianfang_timing import unix_ms
from linkage.errors import EvidenceNotKept, NoSuchPicture

_FILE = re.compile(
    r"\d{4}/\d{2}/\d{2}/[0-9]{6}-"
    r"([0-9a-f]{8}-[0-9a-f]{16}\.jpg|[0-9a-f]{24}(\.mp4|-[a-z]+(-\d{3})?\.jpg))"
)
"""A picture that was brought or asked for; a clip and the pictures that go with it."""


@dataclass(frozen=True)
class StoredPicture:
    """A picture that is on disk. `file` is relative to the folder."""

    file: str
    sha256: str
    size: int
    at_ms: int

    def as_detail(self) -> dict[str, object]:
        """The JSON value for `detail["picture"]` of a camera's alarm."""
        return {"file": self.file, "sha256": self.sha256, "size": self.size, "at_ms": self.at_ms}


def evidence_row(
    *,
    evidence_id: str,
    incident_id: str,
    camera_id: str,
    kind: str,
    file: str,
    sha256: str,
    size: int,
    at_ms: int,
    moment: str | None = None,
    until_ms: int | None = None,
    press_ms: int | None = None,
    detail: str | None = None,
) -> dict[str, object]:
    """A row of the table `evidence`, every column named: many are inserted at once."""
    return {
        "id": evidence_id,
        "incident_id": incident_id,
        "camera_id": camera_id,
        "kind": kind,
        "file": file,
        "sha256": sha256,
        "size": size,
        "at_ms": at_ms,
        "moment": moment,
        "until_ms": until_ms,
        "press_ms": press_ms,
        "detail": detail,
    }


class EvidenceFolder:
    """Pictures under one folder, by UTC day. Many tasks may use it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def put(self, jpeg: bytes, at: datetime) -> StoredPicture:
        """Keep the picture, synced to disk. Raises EvidenceNotKept."""
        return await asyncio.to_thread(self._put, jpeg, at)

    async def read(self, file: str) -> bytes:
        """The picture's bytes. Raises NoSuchPicture."""
        path = self.path_of(file)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise NoSuchPicture(f"{file} is not in the evidence folder") from error

    def path_of(self, file: str) -> Path:
        """Where `file` (as in StoredPicture) lies. Raises NoSuchPicture for any other name."""
        if _FILE.fullmatch(file) is None:
            raise NoSuchPicture(f"{file!r} is no name of a picture")
        return self.path / file

    async def remove(self, file: str) -> None:
        """Take a file away that no record names; what cannot be removed stays. Raises
        NoSuchPicture for any other name."""
        path = self.path_of(file)
        with contextlib.suppress(OSError):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _put(self, jpeg: bytes, at: datetime) -> StoredPicture:
        digest = hashlib.sha256(jpeg).hexdigest()
        file = f"{at.astimezone(UTC):%Y/%m/%d/%H%M%S}-{secrets.token_hex(4)}-{digest[:16]}.jpg"
        final = self.path / file
        part = final.with_suffix(".part")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as out:
                out.write(jpeg)
                out.flush()
                os.fsync(out.fileno())
            part.rename(final)
            _sync_folder(final.parent)
        except OSError as error:
            # the folder itself may be what is wrong; then there is nothing to clear away
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise EvidenceNotKept(f"a picture cannot be kept: {error.strerror}") from error
        return StoredPicture(file, digest, len(jpeg), unix_ms(at))


def _sync_folder(folder: Path) -> None:
    """A rename is safe only when the folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
