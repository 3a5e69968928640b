"""The main process's side of clips: who asked for one, and what became of those that are done."""

import asyncio
from collections.abc import Callable, Collection

from camerad.errors import NoClip
from camerad.evidence.model import ClipFacts, ClipOrder
from camerad.wire import ClipBegun, ClipDone, MakeClip

_REMEMBERED = 1000


class ClipDesk:
    """Asks workers for clips and hears what they say; used in the event loop."""

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._done: dict[str, ClipFacts] = {}
        self._running: dict[str, str] = {}
        """Cameras of the clips that are being made, by the clips' ids."""

    async def begin(
        self, request: int, order: ClipOrder, send: Callable[[MakeClip], None], *, timeout_s: float
    ) -> None:
        """Return when the worker has begun it. Raises NoClip."""
        answer = self._asked[request] = asyncio.get_running_loop().create_future()
        try:
            send(MakeClip(request, order))
            async with asyncio.timeout(timeout_s):
                await answer
            if order.id not in self._done:
                self._running[order.id] = order.camera_id
        except TimeoutError:
            raise NoClip("监看进程没有及时应答。 / The worker did not answer in time.") from None
        finally:
            del self._asked[request]

    def heard(self, message: ClipBegun | ClipDone) -> None:
        match message:
            case ClipBegun(request, why_not):
                begun = self._asked.get(request)
                if begun is None or begun.done():
                    return
                if why_not:
                    begun.set_exception(NoClip(why_not))
                else:
                    begun.set_result(None)
            case ClipDone(facts):
                self._done[facts.id] = facts
                self._running.pop(facts.id, None)
                if len(self._done) > _REMEMBERED:
                    # what is older stands beside its files
                    del self._done[next(iter(self._done))]

    def lost(self, cameras: Collection[str]) -> None:
        """The worker of these cameras has ended: nobody makes their clips any more."""
        self._running = {i: c for i, c in self._running.items() if c not in cameras}

    def runs(self, clip_id: str) -> bool:
        """Whether a worker is making it."""
        return clip_id in self._running

    def done(self, clip_id: str) -> ClipFacts | None:
        """What became of a clip, as far as it is remembered."""
        return self._done.get(clip_id)
