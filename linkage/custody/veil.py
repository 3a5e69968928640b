"""Copies for handing over, in which people are covered: made by a program of their own, one after
another, at the lowest priority. The originals stay as they are.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linkage.custody.clip_files import sha256_of
from linkage.custody.errors import ExportFailed
from linkage.custody.model import People

_PROGRAM = "camerad.evidence.veiled_film"
_LIMIT_S = 1800.0

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Derived:
    """A covered copy, and what it was made of."""

    source: str
    """As its manifest names it."""
    source_sha256: str
    file: str
    """Relative to the folder of the copies."""
    sha256: str
    how: str
    """`changed`: wherever anything ever changed; `whole`: all of it."""

    def as_detail(self) -> dict[str, object]:
        """JSON values, for the manifest."""
        return vars(self).copy()


async def covered(
    files: Sequence[tuple[str, str]], folder: Path, into: Path, people: People, tell: Tell
) -> list[Derived]:
    """A covered copy of each (file, SHA-256) of the evidence folder. `tell` hears how many percent
    are done. Raises ExportFailed."""
    found: list[Derived] = []
    work = await asyncio.to_thread(lambda: [_size(folder / file) for file, _ in files])
    whole, behind = max(1, sum(work)), 0

    def tell_of_one(percent: int) -> None:
        tell(int((behind * 100 + work[len(found)] * percent) / whole))

    for file, sha256 in files:
        how = "changed" if file.endswith(".mp4") and people is People.HIDDEN else "whole"
        target = into / file
        try:
            now, _ = await asyncio.to_thread(sha256_of, folder / file)
            await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise ExportFailed(f"无法导出 / cannot export: {error}") from error
        if now != sha256:
            name = Path(file).name
            raise ExportFailed(
                f"{name} 与清单不符，不予导出 / is not what its manifest says: not exported"
            )
        await _run(folder / file, target, how, tell_of_one)
        made, _ = await asyncio.to_thread(sha256_of, target)
        behind += work[len(found)]
        found.append(Derived(file, sha256, file, made, how))
        tell(behind * 100 // whole)
    return found


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # whoever reads it says so


async def _run(source: Path, target: Path, how: str, tell: Tell) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _PROGRAM,
        str(source),
        str(target),
        how,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stderr is not None
    try:
        async with asyncio.timeout(_LIMIT_S):
            _, said = await asyncio.gather(_listen(program, tell), program.stderr.read())
            await program.wait()
    except TimeoutError as late:
        raise ExportFailed("遮挡处理超时 / covering people took too long") from late
    finally:
        # also when whoever asked hangs up
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            await asyncio.shield(program.wait())
    if program.returncode != 0:
        why = said.decode(errors="replace").strip().rpartition("\n")[2]
        raise ExportFailed(f"{source.name} 无法作遮挡处理 / cannot be covered: {why}")


async def _listen(program: asyncio.subprocess.Process, tell: Tell) -> None:
    assert program.stdout is not None
    async for line in program.stdout:
        # what an encoder may print besides is nobody's business
        if line.strip().isdigit():
            tell(int(line))
