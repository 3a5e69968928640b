"""The way from a worker to one viewer: numbered parts, a window of them, what is said beside."""

import threading
from collections.abc import Callable

from camerad.live.model import LiveFormat, LiveMessage, LivePart, LiveWaits, PartKind, Via, Waiting
from camerad.live.pacing import Window


class Line:
    """Used by the viewer's thread; `taken` and `let_go` may come from any."""

    def __init__(self, view: int, send: Callable[[LiveMessage], None]) -> None:
        self._view = view
        self._send = send
        self._window = Window()
        self._took = threading.Event()
        self._waits: tuple[Waiting, str] | None = None

    @property
    def is_open(self) -> bool:
        """Whether another part may go."""
        return self._window.is_open

    @property
    def under_way(self) -> int:
        """Parts the viewer has not answered."""
        return self._window.sent - self._window.taken

    @property
    def parts(self) -> int:
        return self._window.sent

    def taken(self, number: int) -> None:
        """The viewer has everything up to this part."""
        self._window.note_taken(number)
        self._took.set()

    def let_go(self) -> None:
        """Nobody shall wait for an answer any more."""
        self._took.set()

    def wait_for_answer(self, within_s: float) -> None:
        """Until the viewer answered something, but no longer than that."""
        self._took.wait(within_s)
        self._took.clear()

    def begin(self, via: Via, *, codec: str = "", size: tuple[int, int], masked: bool) -> None:
        """What comes from here on; `size` is width and height."""
        self._send(LiveFormat(self._view, via, codec, *size, masked))

    def part(
        self, kind: PartKind, data: bytes, *, at_ms: int, media_ms: int = 0, left_out: bool = False
    ) -> None:
        self._waits = None
        number = self._window.next_number()
        self._send(LivePart(self._view, number, kind, data, at_ms, media_ms, left_out))

    def waits(self, why: Waiting, detail: str) -> None:
        """No picture comes; said once until one comes or the reason changes."""
        if self._waits != (why, detail):
            self._waits = (why, detail)
            self._send(LiveWaits(self._view, why, detail))
