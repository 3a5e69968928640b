"""Which wired buttons are dead, and which of them must be told of now. Pure; time is an argument.

A button that is wired to a camera has no heartbeat: it lives as long as its camera's events reach
us and its contact is at rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from camerad.device_events.model import EventsHealth, EventsState
from lianfang_timing import unix_ms
from linkage.camera_events.model import DeadButton, WhyDead, WiredInput

GRACE_MS: Final = 15_000
"""A subscription that is lost and made anew within this is no outage: what happened meanwhile is
found in how the input stands."""
STUCK_MS: Final = 600_000


def dead(
    wired: Iterable[WiredInput], healths: Mapping[str, EventsHealth | None], now_ms: int
) -> list[DeadButton]:
    """Those whose press would not be heard now. `healths` by camera in service; None: one whose
    events nobody listens to."""
    found = (_dead(one, healths, now_ms) for one in wired)
    return [one for one in found if one is not None]


def _dead(
    one: WiredInput, healths: Mapping[str, EventsHealth | None], now_ms: int
) -> DeadButton | None:
    if one.camera_id not in healths:
        return DeadButton(one, WhyDead.NO_CAMERA, now_ms)
    health = healths[one.camera_id]
    if health is None:
        return DeadButton(one, WhyDead.UNHEARD, now_ms)
    if health.state is EventsState.BEGINNING and now_ms - unix_ms(health.since) < GRACE_MS:
        return None
    if health.state is not EventsState.LISTENING:
        return DeadButton(one, WhyDead.UNHEARD, unix_ms(health.since))
    if one.known.active and one.changed_ms is not None and now_ms - one.changed_ms >= STUCK_MS:
        return DeadButton(one, WhyDead.STUCK, one.changed_ms)
    return None


@dataclass
class Book:
    """Which dead buttons were told of."""

    _told: dict[str, WhyDead] = field(default_factory=dict)
    _seen_ms: dict[str, int] = field(default_factory=dict)
    """Since when each is dead, as we saw it: a state that changes its name is one outage."""

    def look(
        self,
        found: Sequence[DeadButton],
        now_ms: int,
        is_maintained: Callable[[str], bool] = lambda _camera: False,
    ) -> list[DeadButton]:
        """Those to be told of now; while somebody works on a camera, none of it."""
        names = {one.wired.button for one in found}
        self._told = {button: why for button, why in self._told.items() if button in names}
        self._seen_ms = {
            one.wired.button: min(self._seen_ms.get(one.wired.button, one.since_ms), now_ms)
            for one in found
        }
        new = [
            one
            for one in found
            if one.wired.button not in self._told
            and not is_maintained(one.wired.camera_id)
            and (one.why is WhyDead.STUCK or self._is_for_good(one, now_ms))
        ]
        self._told |= {one.wired.button: one.why for one in new}
        return new

    def tell_again(self, buttons: Iterable[str]) -> None:
        """What was told of these is settled, and they may be dead still."""
        for button in buttons:
            self._told.pop(button, None)

    def _is_for_good(self, one: DeadButton, now_ms: int) -> bool:
        return now_ms - self._seen_ms[one.wired.button] >= GRACE_MS

    @property
    def told(self) -> frozenset[str]:
        """The buttons that are dead and were told of."""
        return frozenset(self._told)
