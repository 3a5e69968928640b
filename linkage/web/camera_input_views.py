"""The shapes of cameras' own events and wired inputs in the API."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from alarms.model import AlarmKind
from camerad.device_events.model import EventsHealth
from camerad.model import RelayOutput
from lianfang_timing import unix_ms
from linkage.camera_events.model import DeadButton, WiredInput
from linkage.camera_events.wiring import Wiring
from linkage.web.answering import moment, moment_or_none

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class Events(Struct, frozen=True, kw_only=True):
    state: str
    """beginning, listening, lost, refused, full, unsupported or nonsense."""
    since: str
    detail: str


class Input(Struct, frozen=True, kw_only=True):
    token: str
    active: bool | None
    """As the camera says; null: it never spoke of it."""
    pressed: bool | None
    """As it is wired."""
    button: str | None
    kind: str | None
    silent: bool
    normally_closed: bool
    presses: int
    pressed_at: str | None
    pressed_at_camera: str | None
    """The last press by the camera's own clock."""
    test_until: str | None
    dead: str | None
    """Why a press would not be heard: unheard, stuck or no-camera."""


class Inputs(Struct, frozen=True, kw_only=True):
    events: Events | None
    """Null: nobody listens to this camera."""
    items: list[Input]


class WiringBody(Struct, forbid_unknown_fields=True, kw_only=True):
    button: Id
    household: Id | None = None
    group: Id | None = None
    kind: str = AlarmKind.PANIC.value
    silent: bool = False
    normally_closed: bool = False

    def wiring(self) -> Wiring:
        """Raises ValueError for a kind that there is not."""
        return Wiring(
            self.button,
            self.household,
            self.group,
            AlarmKind(self.kind),
            self.silent,
            self.normally_closed,
        )


class TestAnnounced(Struct, frozen=True, kw_only=True):
    until: str


def events_view(health: EventsHealth | None, zone: ZoneInfo) -> Events | None:
    if health is None:
        return None
    since = moment(unix_ms(health.since), zone)
    return Events(state=health.state.value, since=since, detail=health.detail)


def inputs_view(
    health: EventsHealth | None,
    heard: Mapping[str, bool],
    wired: Sequence[WiredInput],
    dead: Sequence[DeadButton],
    zone: ZoneInfo,
    *,
    now_ms: int,
) -> Inputs:
    """Those that something is wired to, and those that the camera spoke of."""
    known = {one.token: one for one in wired}
    why = {one.wired.button: one.why.value for one in dead}
    items = [
        _input(token, heard.get(token), known.get(token), why, zone, now_ms)
        for token in sorted(known.keys() | heard.keys())
    ]
    return Inputs(events=events_view(health, zone), items=items)


def _input(
    token: str,
    active: bool | None,
    one: WiredInput | None,
    why: Mapping[str, str],
    zone: ZoneInfo,
    now_ms: int,
) -> Input:
    if one is None:
        return Input(
            token=token, active=active, pressed=None, button=None, kind=None, silent=False,
            normally_closed=False, presses=0, pressed_at=None, pressed_at_camera=None,
            test_until=None, dead=None,
        )  # fmt: skip
    is_test = one.test_until_ms is not None and one.test_until_ms > now_ms
    return Input(
        token=token,
        active=active,
        pressed=one.known.active,
        button=one.button,
        kind=one.kind.value,
        silent=one.silent,
        normally_closed=one.normally_closed,
        presses=one.known.presses,
        pressed_at=moment_or_none(one.known.pressed_ms, zone),
        pressed_at_camera=moment_or_none(one.known.edge_ms, zone),
        test_until=moment_or_none(one.test_until_ms if is_test else None, zone),
        dead=why.get(one.button),
    )


class Relay(Struct, frozen=True, kw_only=True):
    token: str
    siren: str | None
    monostable: bool | None
    """As it is set in the camera; it is made so before it is switched. Null: it was not asked."""
    lasts_s: float | None


class Relays(Struct, frozen=True, kw_only=True):
    trouble: str | None
    """Why the camera could not be asked."""
    items: list[Relay]


class SirenBody(Struct, forbid_unknown_fields=True, kw_only=True):
    siren: Id
    group: Id | None = None


def relays_view(
    wired: Mapping[str, str], found: Sequence[RelayOutput], trouble: str | None
) -> Relays:
    """Those that a siren hangs on, and those that the camera has."""
    known = {one.token: one for one in found}
    items = [
        Relay(
            token=token,
            siren=wired.get(token),
            monostable=known[token].monostable if token in known else None,
            lasts_s=known[token].lasts_s if token in known else None,
        )
        for token in sorted(known.keys() | wired.keys())
    ]
    return Relays(trouble=trouble, items=items)


class PresetItem(Struct, frozen=True, kw_only=True):
    token: str
    name: str


class Presets(Struct, frozen=True, kw_only=True):
    trouble: str | None
    """Why the camera could not be asked, or cannot be turned."""
    items: list[PresetItem]
    preset: str | None
    """Where it is turned to for an incident; null: it is not turned."""
    home: str | None
    """What it is given back to; null: its home position."""
    back_after_s: int | None
    away_for: str | None
    """The incident it is turned for now."""


class PresetBody(Struct, forbid_unknown_fields=True, kw_only=True):
    preset: Id
    home: Id | None = None
    back_after_s: Annotated[int, Meta(ge=30, le=86_400)] = 900
