"""The main process's side of clips: who asked for one, and what became of those that are done."""

import asyncio
from collections.abc import Callable

from camerad.errors import NoClip
from camerad.evidence.model import ClipFacts, ClipOrder
from camerad.wire import ClipBegun, ClipDone, MakeClip

_REMEMBERED = 1000


class ClipDesk:
    """Asks workers for clips and hears what they say; used in the event loop."""

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._done: dict[str, ClipFacts] = {}

    async def begin(
        self, request: int, order: ClipOrder, send: Callable[[MakeClip], None], *, timeout_s: float
    ) -> None:
        """Return when the worker has begun it. Raises NoClip."""
        answer = self._asked[request] = asyncio.get_running_loop().create_future()
        try:
            send(MakeClip(request, order))
            async with asyncio.timeout(timeout_s):
                await answer
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
                if len(self._done) > _REMEMBERED:
                    # what is older stands beside its files
                    del self._done[next(iter(self._done))]

    def done(self, clip_id: str) -> ClipFacts | None:
        """What became of a clip, as far as it is remembered."""
        return self._done.get(clip_id)
