"""The main process's side of live view: who looks through which worker, and what comes of it."""

import asyncio
import itertools
from collections.abc import Callable, Collection

from camerad.live.model import (
    CloseLive,
    LiveFormat,
    LiveMessage,
    LiveOrder,
    LiveOver,
    LivePart,
    LiveTaken,
    LiveWaits,
    OpenLive,
    Over,
)

_SAID_MOST = 64


class LiveFeed:
    """What comes of one view, in order. Bound: the worker sends `WINDOW` parts and waits for
    `taken`; what is said beside them is little, and beyond `_SAID_MOST` the view is over."""

    def __init__(self, view: int, camera_id: str, send: Callable[[LiveOrder], None]) -> None:
        self.view = view
        self.camera_id = camera_id
        self._send = send
        self._waiting: asyncio.Queue[LiveMessage] = asyncio.Queue()

    async def next(self) -> LiveFormat | LivePart | LiveWaits | LiveOver:
        """The next one; LiveOver is the last."""
        return await self._waiting.get()

    def close(self) -> None:
        """Nobody looks any more."""
        self._send(CloseLive(self.view))

    def taken(self, number: int) -> None:
        """The viewer has everything up to this part."""
        self._send(LiveTaken(self.view, number))

    def cut(self) -> None:
        """Whoever reads it shall ask anew."""
        self.heard(LiveOver(self.view, Over.CHANGED))

    def heard(self, message: LiveMessage) -> None:
        """From the worker."""
        if self._waiting.qsize() < _SAID_MOST or isinstance(message, LiveOver):
            self._waiting.put_nowait(message)


class LiveDesk:
    """Used in the event loop."""

    def __init__(self) -> None:
        self._views = itertools.count(1)
        self._feeds: dict[int, LiveFeed] = {}

    def open(self, camera_id: str, *, film: bool, send: Callable[[LiveOrder], None]) -> LiveFeed:
        """Have a worker show a camera; `send` gives it its orders."""
        view = next(self._views)
        feed = self._feeds[view] = LiveFeed(view, camera_id, send)
        send(OpenLive(view, camera_id, film))
        return feed

    def close(self, feed: LiveFeed) -> None:
        """Nobody looks any more."""
        if self._feeds.pop(feed.view, None) is not None:
            feed.close()

    def heard(self, message: LiveMessage) -> None:
        feed = self._feeds.get(message.view)
        if feed is None:
            return  # closed meanwhile
        feed.heard(message)

    def lost(self, cameras: Collection[str]) -> None:
        """The worker of these cameras has ended."""
        for view, feed in list(self._feeds.items()):
            if feed.camera_id in cameras:
                del self._feeds[view]
                feed.heard(LiveOver(view, Over.WORKER))
