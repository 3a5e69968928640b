"""Listening to one device's events: one pull point, kept as long as it lives, made anew when lost.

What is heard is handed on before more is pulled: a camera forgets what it has handed over, so it
must be safe by then. Losing the pull point is shown, and waited over with growth and jitter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

import structlog

from camerad.device_events.model import EventsHealth, EventsState, Notification, Sighting
from camerad.device_events.reading import Pulled
from camerad.device_events.translating import translated
from camerad.errors import (
    CameradError,
    CameraRefused,
    CameraTalksNonsense,
    NoPullPoint,
    PullPointGone,
)
from lianfang_timing import Backoff, Clock

WAIT_S: Final = 9
"""Of one pull. Some cameras hang up on those who wait longer than ten seconds."""
_AGAIN: Final = Backoff(first_s=1.0, cap_s=60.0)
_REFUSED_AGAIN: Final = Backoff(first_s=30.0, cap_s=600.0)
"""A wrong password, tried often, locks the account."""
_NONE_AGAIN_S: Final = 3600.0
_GOOD_LIFE_S: Final = 60.0
"""A pull point that lived so long is no sign of a storm when it goes."""
_RENEW_BELOW_S: Final = 30.0
_PACE_S: Final = 1.0
"""A camera that does not wait is not asked more often than this, when it has nothing to say."""
_CLOSE_WITHIN_S: Final = 2.0

log = structlog.get_logger()


class Line(Protocol):
    """What this needs of `camerad.onvif_door.PullPoint`."""

    async def open(self) -> float | None: ...
    async def pull(self, wait_s: int) -> Pulled: ...
    async def renew(self) -> float | None: ...
    async def close(self) -> None: ...


OnSightings = Callable[[Sequence[Sighting]], Awaitable[None]]


class Listener:
    """One a device: a recorder with many channels has one too."""

    def __init__(self, name: str, line: Line, clock: Clock, on_sightings: OnSightings) -> None:
        """`name`: for the log. `on_sightings` returns when what it was given is on disk."""
        self._name = name
        self._line = line
        self._clock = clock
        self._on_sightings = on_sightings
        self._is_open = False
        self._ends_s = 0.0
        self._opened_s = 0.0
        self._can_renew = True
        self._attempt = 0
        self.health = EventsHealth(EventsState.BEGINNING, clock.now())

    async def run(self) -> None:
        """Listen until cancelled, then give the pull point back."""
        try:
            while True:
                try:
                    await self._listen()
                except CameradError as error:
                    wait_s = self._lost(error)
                    self._attempt += 1
                    await self._clock.sleep(wait_s)
        finally:
            await self._give_back()

    async def _listen(self) -> None:
        """Raises CameradError when it cannot go on."""
        if not self._is_open:
            await self._open()
        while True:
            began_s = self._clock.monotonic()
            pulled = await self._line.pull(WAIT_S)
            self._note(EventsState.LISTENING)
            if began_s - self._opened_s >= _GOOD_LIFE_S:
                self._attempt = 0
            await self._take(pulled)
            await self._keep(pulled.lasts_s)
            took_s = self._clock.monotonic() - began_s
            if not pulled.notifications and took_s < _PACE_S:
                await self._clock.sleep(_PACE_S - took_s)

    async def _open(self) -> None:
        lasts_s = await self._line.open()
        now_s = self._clock.monotonic()
        self._is_open, self._can_renew = True, True
        self._opened_s = now_s
        self._ends_s = now_s + (lasts_s or _GOOD_LIFE_S)
        self.health = replace(self.health, subscriptions=self.health.subscriptions + 1)

    async def _take(self, pulled: Pulled) -> None:
        if not pulled.notifications:
            return
        understood = [self._understood(one) for one in pulled.notifications]
        sightings = [one for one in understood if one is not None]
        self.health = replace(
            self.health,
            heard=self.health.heard + len(understood),
            unknown=self.health.unknown + len(understood) - len(sightings),
        )
        if sightings:
            await self._on_sightings(sightings)

    def _understood(self, said: Notification) -> Sighting | None:
        found = translated(said)
        if found is None:
            log.debug("events.not_understood", device=self._name, topic=said.topic)
        return found

    async def _keep(self, lasts_s: float | None) -> None:
        now_s = self._clock.monotonic()
        if lasts_s is not None:
            self._ends_s = now_s + lasts_s
        if not self._can_renew or self._ends_s - now_s > _RENEW_BELOW_S:
            return
        try:
            lasts_s = await self._line.renew()
        except (PullPointGone, CameraTalksNonsense) as error:
            # some cannot, and keep it for as long as it is pulled; if it is gone, the pull says so
            self._can_renew = False
            log.info("events.not_renewed", device=self._name, detail=str(error))
        else:
            self._ends_s = self._clock.monotonic() + (lasts_s or _GOOD_LIFE_S)

    def _lost(self, error: CameradError) -> float:
        """How long to wait."""
        state = _state_after(error)
        if isinstance(error, PullPointGone) or self._clock.monotonic() >= self._ends_s:
            # what it kept for us is gone with it; otherwise it still gathers what happens
            self._is_open = False
        wait_s = _AGAIN.delay_s(self._attempt)
        if state is EventsState.REFUSED:
            wait_s = _REFUSED_AGAIN.delay_s(self._attempt)
        elif state is EventsState.UNSUPPORTED:
            wait_s = _NONE_AGAIN_S
        if self.health.state is not state:
            log.warning(
                "events.lost",
                device=self._name,
                state=state.value,
                detail=str(error),
                again_in_s=round(wait_s, 1),
            )
        self._note(state, str(error))
        return wait_s

    def _note(self, state: EventsState, detail: str = "") -> None:
        since = self.health.since if self.health.state is state else self._clock.now()
        self.health = replace(self.health, state=state, since=since, detail=detail)

    async def _give_back(self) -> None:
        """A camera has few; one that is not given back is held until it runs out."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._line.close()
        except (CameradError, TimeoutError) as error:
            log.info("events.not_given_back", device=self._name, detail=str(error))


def _state_after(error: CameradError) -> EventsState:
    match error:
        case NoPullPoint():
            return EventsState.UNSUPPORTED if error.offers_none else EventsState.FULL
        case CameraRefused():
            return EventsState.REFUSED
        case CameraTalksNonsense():
            return EventsState.NONSENSE
        case _:
            return EventsState.LOST
