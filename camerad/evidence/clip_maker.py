"""One clip, one thread: from the ring to whole files, whatever happens on the way.

The files of a clip stand beside each other under one base name: `….mp4`, `…-before.jpg`,
`…-at.jpg`, `…-after.jpg`, and last `….json` with what became of it. Until then the film is
`….part`, playable as far as it goes, so that whoever finds it after a crash can keep it.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from camerad.capture import encode_jpeg
from camerad.errors import CameradError
from camerad.evidence.masked import MaskedClip
from camerad.evidence.model import Chunk, ClipFacts, ClipFile, ClipOrder, Cut, StreamFormat
from camerad.evidence.packets import (
    ClipWriter,
    CopiedClip,
    PictureSeries,
    encoder_at_hand,
    is_playable,
    picture_of,
)
from camerad.evidence.recorder import Recorder
from camerad.evidence.stitching import Stitching
from camerad.model import ZoneKind
from camerad.priority import step_further_behind
from camerad.wire import PrivacyMask
from lianfang_timing import Clock, unix_ms

BEFORE_MS = 10_000
"""The picture before is of so long before the press."""
_GAP_MS = 3_000
_WAIT_S = 0.5
_SERIES_MOST = 100
_WRITTEN_BACK = 256 * 1024
"""Bytes after which the disk begins to write: all at the end would hold up a press's own sync."""


@dataclass
class _State:
    """What has become of the clip so far."""

    files: list[ClipFile] = field(default_factory=list)
    cuts: set[Cut] = field(default_factory=set)
    error: str = ""
    first: Chunk | None = None
    last: Chunk | None = None
    encoder: str = ""


class ClipMaker:
    """Makes one clip and tells `done` what became of it."""

    def __init__(
        self,
        order: ClipOrder,
        recorder: Recorder,
        clock: Clock,
        *,
        mask: PrivacyMask,
        masked_turn: threading.Semaphore,
        done: Callable[[ClipFacts], None],
        encoder: Callable[[], str | None] = encoder_at_hand,
    ) -> None:
        self._order = order
        self._recorder = recorder
        self._clock = clock
        self._mask = mask
        self._masked_turn = masked_turn
        self._done = done
        self._encoder = encoder
        self._base = Path(order.base)
        self._zones = recorder.camera.zones
        self._is_masked = any(zone.kind is ZoneKind.PRIVACY for zone in self._zones)
        self._state = _State()
        self._log = structlog.get_logger().bind(camera=order.camera_id, clip=order.id)
        with recorder.lock:
            self._next = recorder.ring.start_for(order.from_ms) or 0
            recorder.ring.pin(order.id, self._next)

    def start(self) -> None:
        threading.Thread(target=self.run, name=f"clip-{self._order.id[:8]}", daemon=True).start()

    def run(self) -> None:
        """The whole of it; never raises."""
        try:
            step_further_behind()
            self._make()
        except OSError as failed:
            self._fail(failed)
        except Exception as broken:  # noqa: BLE001 - bulkhead: costs this clip only
            self._log.exception("clip.broke")
            self._state.error = f"internal error: {type(broken).__name__}"
        finally:
            with self._recorder.lock:
                self._recorder.ring.unpin(self._order.id)
        facts = self._facts()
        try:
            write_whole(self._base.with_suffix(".json"), msgspec.json.encode(facts))
        except OSError as failed:
            self._log.warning("clip.facts_unwritten", error=str(failed))
        self._done(facts)

    def _make(self) -> None:
        order = self._order
        self._base.parent.mkdir(parents=True, exist_ok=True)
        before_ms = max(order.from_ms, order.press_ms - BEFORE_MS)
        self._snapshot("before", before_ms, exact=False)
        self._snapshot("at", order.press_ms, exact=True)
        turn = self._masked_turn if self._is_masked else contextlib.nullcontext()
        with turn:
            self._film()
        self._snapshot("after", order.until_ms, exact=False)

    # -- pictures ------------------------------------------------------------------------------

    def _snapshot(self, moment: str, at_ms: int, *, exact: bool) -> None:
        with self._recorder.lock:
            chunks = self._recorder.ring.up_to(at_ms)
        chunks = chunks if exact else chunks[:1]
        picture = picture_of(chunks)
        if picture is not None:
            self._keep_picture(picture, chunks[-1], moment)

    def _keep_picture(self, picture: NDArray[np.uint8], chunk: Chunk, moment: str) -> None:
        number = f"-{len(self._state.files):03d}" if moment == "series" else ""
        path = self._base.with_name(f"{self._base.name}-{moment}{number}.jpg")
        try:
            jpeg = encode_jpeg(self._mask(picture, self._zones))
        except CameradError as failed:
            self._log.warning("clip.no_picture", detail=str(failed))
            return
        write_whole(path, jpeg)
        said = moment if moment != "series" else ""
        self._state.files.append(ClipFile(path.name, "snapshot", said, chunk.at_ms, chunk.at_ms))

    def _take_of_series(self, picture: NDArray[np.uint8], chunk: Chunk) -> None:
        if len(self._state.files) < _SERIES_MOST:
            self._keep_picture(picture, chunk, "series")

    # -- the film ------------------------------------------------------------------------------

    def _film(self) -> None:
        first = self._await_first()
        if first is None:
            self._state.error = self._recorder.why_not or "no picture came"
            return
        part = self._base.with_suffix(".part")
        with part.open("x+b") as out:
            writer = self._writer(out, first.format)
            try:
                self._follow(writer, out)
            except OSError as failed:
                self._fail(failed)
            # what was written is playable even where the end cannot be
            with contextlib.suppress(OSError, ValueError):
                writer.close()
                out.flush()
                os.fsync(out.fileno())
        self._finish(part)

    def _writer(self, out: BinaryIO, form: StreamFormat) -> ClipWriter:
        if not self._is_masked:
            return CopiedClip(out, form)
        encoder = self._encoder()
        if encoder is None:
            self._state.cuts.add(Cut.NO_ENCODER)
            return PictureSeries(self._take_of_series)
        self._state.encoder = encoder
        return MaskedClip(out, form, encoder=encoder, mask=self._mask, zones=self._zones)

    def _await_first(self) -> Chunk | None:
        while True:
            chunks = self._take()
            if chunks:
                return chunks[0]
            if self._is_over():
                return None

    def _take(self) -> list[Chunk]:
        """What is new in the ring, waiting a little for it."""
        recorder = self._recorder
        with recorder.more:
            chunks = recorder.ring.since(self._next)
            if not chunks and not recorder.stopped:
                recorder.more.wait(_WAIT_S)
                chunks = recorder.ring.since(self._next)
        return chunks

    def _is_over(self) -> bool:
        return self._recorder.stopped or unix_ms(self._clock.now()) > self._order.until_ms

    def _follow(self, writer: ClipWriter, out: BinaryIO) -> None:
        stitching = Stitching()
        begun = 0
        while True:
            was_over = self._is_over()
            for chunk in self._take():
                if chunk.at_ms > self._order.until_ms or not self._belongs(chunk):
                    return
                writer.add(chunk, stitching.time_of(chunk))
                self._note(chunk)
                if out.tell() - begun > _WRITTEN_BACK:
                    begun = _write_back(out, begun)
                if out.tell() > self._order.max_bytes:
                    self._state.cuts.add(Cut.DISK)
                    self._state.error = "the clip reached its greatest size"
                    return
            if was_over:
                return

    def _belongs(self, chunk: Chunk) -> bool:
        first = self._state.first
        if first is not None and not chunk.format.fits(first.format):
            self._state.cuts.add(Cut.STREAM_CHANGED)
            return False
        return True

    def _note(self, chunk: Chunk) -> None:
        state = self._state
        if state.last is None:
            state.first = chunk
        elif chunk.number != state.last.number + 1:
            state.cuts.add(Cut.TOO_SLOW)
        elif chunk.at_ms - state.last.at_ms > _GAP_MS:
            state.cuts.add(Cut.CAMERA_LOST)
        state.last = chunk
        self._next = chunk.number + 1
        with self._recorder.lock:
            self._recorder.ring.pin(self._order.id, self._next)

    def _finish(self, part: Path) -> None:
        state, order = self._state, self._order
        if state.first is None or state.last is None or not is_playable(part):
            part.unlink(missing_ok=True)
            return
        if state.first.at_ms > order.from_ms + _GAP_MS:
            state.cuts.add(Cut.BEGINS_LATE)
        has_reason = state.cuts & {Cut.STREAM_CHANGED, Cut.DISK}
        if state.last.at_ms < order.until_ms - _GAP_MS and not has_reason:
            state.cuts.add(Cut.CAMERA_LOST)
        final = self._base.with_suffix(".mp4")
        part.rename(final)
        sync_folder(final.parent)
        state.files.append(ClipFile(final.name, "clip", "", state.first.at_ms, state.last.at_ms))

    def _fail(self, failed: OSError) -> None:
        self._log.warning("clip.not_written", error=str(failed))
        self._state.cuts.add(Cut.DISK)
        self._state.error = failed.strerror or str(failed)

    def _facts(self) -> ClipFacts:
        state, form = self._state, None if self._state.first is None else self._state.first.format
        return ClipFacts(
            id=self._order.id,
            camera_id=self._order.camera_id,
            files=tuple(state.files),
            cuts=tuple(sorted(cut.value for cut in state.cuts)),
            error=state.error,
            codec="" if form is None else form.codec,
            masked=self._is_masked,
            encoder=state.encoder,
            width=0 if form is None else form.width,
            height=0 if form is None else form.height,
        )


def _write_back(out: BinaryIO, begun: int) -> int:
    """Have the disk begin with what is new from `begun` on; where that ends, in bytes."""
    out.flush()
    end = out.tell()
    # on Linux this starts the writing and does not wait for it
    os.posix_fadvise(out.fileno(), begun, end - begun, os.POSIX_FADV_DONTNEED)
    return end


def write_whole(path: Path, data: bytes) -> None:
    """A new file, synced to disk, whole or not at all. Raises OSError."""
    part = path.with_name(path.name + ".new")
    try:
        with part.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename is safe only when the folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
