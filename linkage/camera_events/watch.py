"""The watch over cameras' events: one listener a device, and the buttons that hang on them.

Which cameras there are, and what is wired to them, is read from the store every few seconds. Each
listener stands behind a bulkhead of its own. What a dead button means is decided in `dead_buttons`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, DeviceReport, NewAlarm
from alarms.store import Database
from camerad.device_events.listening import Line, Listener
from camerad.device_events.model import EventsHealth, EventsState, Sighting, SightingKind
from camerad.errors import CameraUnreachable
from camerad.model import Preset, RelayOutput, Trouble
from lianfang_timing import Backoff, Clock, unix_ms
from linkage.camera_events import dead_buttons, storage
from linkage.camera_events.model import DeadButton, WiredInput
from linkage.camera_events.taking_in import TakingIn
from linkage.camera_faults import CameraFaults
from linkage.camera_losses import MANY
from linkage.cameras import CameraRegistry, RegisteredCamera
from linkage.watching import Pace, keep_watching

_PACE: Final = Pace(every_s=2.0, after_a_bug_s=10.0, retry=Backoff(first_s=0.5, cap_s=5.0))
_REGISTRY_EVERY_S: Final = 10.0
_HEARTBEAT_EVERY_S: Final = 60.0
HEARTBEAT_S: Final = 600.0
"""What a wired button is said to promise: so soon it counts as silent like any other."""
_AFTER_A_BUG_S: Final = 30.0
_AT_ONCE: Final = 4

AskPresets = Callable[[str, tuple[str | None, str | None], str | None], Awaitable[Sequence[Preset]]]
AskRelays = Callable[[str, tuple[str | None, str | None]], Awaitable[Sequence[RelayOutput]]]
OpenLine = Callable[[str, str | None, str | None], Line]
Report = Callable[[Sequence[DeviceReport]], Awaitable[None]]

log = structlog.get_logger()


@dataclass
class _Heard:
    """One device that is listened to."""

    where: tuple[str, str | None, str | None]
    cameras: tuple[RegisteredCamera, ...]
    listener: Listener
    task: "asyncio.Task[None]"
    inputs: dict[str, bool]
    """How the camera says that each of its inputs stands: active or not."""


class CameraEvents:
    """One a site."""

    def __init__(
        self,
        database: Database,
        alarm_log: AlarmLog,
        registry: CameraRegistry | None,
        taking_in: TakingIn,
        faults: CameraFaults,
        clock: Clock,
        *,
        open_line: OpenLine,
        report: Report,
        ask_relays: AskRelays,
        ask_presets: AskPresets,
    ) -> None:
        """`registry` None: no camera is listened to. `report`: what is said of a wired button, as
        devices say it of themselves."""
        self._database = database
        self._log = alarm_log
        self._registry = registry
        self._taking_in = taking_in
        self._faults = faults
        self._clock = clock
        self._open_line = open_line
        self._report = report
        self._ask_relays = ask_relays
        self._ask_presets = ask_presets
        self._heard: dict[str, _Heard] = {}
        self._of_camera: dict[str, str | None] = {}
        """By camera in service: the device that speaks for it; None where it has no address."""
        self._wired: list[WiredInput] = []
        self._sirens: dict[str, str] = {}
        """Sirens on relays: the camera of each."""
        self._book = dead_buttons.Book()
        self._dead: list[DeadButton] = []
        self._untold: list[NewAlarm] = []
        self._registry_at_s: float | None = None
        self._heartbeat_s: float | None = None
        self._said: dict[str, bool | None] = {}
        """What was reported last of each device: it lives, or not."""

    # what others ask

    def health(self, camera_id: str) -> EventsHealth | None:
        """How it stands with a camera's events; None where they are not listened to."""
        heard = self._heard.get(self._of_camera.get(camera_id) or "")
        return None if heard is None else heard.listener.health

    def inputs(self, camera_id: str) -> Mapping[str, bool]:
        """Its device's digital inputs by token, as far as it spoke of them: active or not."""
        heard = self._heard.get(self._of_camera.get(camera_id) or "")
        return {} if heard is None else heard.inputs

    async def relays(self, camera_id: str) -> Sequence[RelayOutput]:
        """The relays that the camera has, as it says now. Raises CameradError."""
        (address, username, password), _ = self._where_is(camera_id)
        return await self._ask_relays(address, (username, password))

    async def presets(self, camera_id: str) -> Sequence[Preset]:
        """Where the camera can be turned to. Raises CameradError."""
        (address, username, password), camera = self._where_is(camera_id)
        return await self._ask_presets(address, (username, password), camera.source)

    def _where_is(
        self, camera_id: str
    ) -> tuple[tuple[str, str | None, str | None], RegisteredCamera]:
        heard = self._heard.get(self._of_camera.get(camera_id) or "")
        if heard is None:
            raise CameraUnreachable(
                "没有该摄像机的 ONVIF 地址。 / This camera has no ONVIF address, or is not heard."
            )
        return heard.where, next(one for one in heard.cameras if one.id == camera_id)

    def healths(self) -> dict[str, EventsHealth]:
        """By the addresses of the devices that are listened to."""
        return {address: heard.listener.health for address, heard in self._heard.items()}

    @property
    def dead(self) -> Sequence[DeadButton]:
        """The wired buttons whose press would not be heard."""
        return self._dead

    def look_now(self) -> None:
        """What is wired, or which cameras there are, has changed."""
        self._registry_at_s = None

    def is_mended(self, camera_id: str, trouble: str) -> bool:
        """Whether what was told of a camera is known to be over."""
        if self._registry_at_s is None:
            return False
        if trouble == Trouble.BUTTON_DEAD:
            if camera_id in {one.wired.camera_id for one in self._dead}:
                return False
            return self._is_heard(camera_id) or all(
                one.camera_id != camera_id for one in self._wired
            )
        return camera_id in self._taking_in.storage_well or camera_id not in self._of_camera

    def tell_again(self, camera_id: str, trouble: str) -> None:
        """Where it was told that its button is dead it is settled, and the button is dead still."""
        if trouble == Trouble.BUTTON_DEAD:
            self._book.tell_again(
                [one.wired.button for one in self._dead if one.wired.camera_id == camera_id]
            )

    # the watch

    async def run(self) -> None:
        """Listen and look until cancelled; then every pull point is given back."""
        try:
            await keep_watching("camera events", self.run_once, self._clock.sleep, _PACE)
        finally:
            await self._stop(list(self._heard))

    async def run_once(self) -> None:
        """One look. Raises StoreBusy."""
        now_s = self._clock.monotonic()
        if self._registry_at_s is None or now_s - self._registry_at_s >= _REGISTRY_EVERY_S:
            await self._follow([] if self._registry is None else await self._registry.enabled())
            self._registry_at_s = now_s
        self._wired, self._sirens = await self._database.read(
            lambda conn: (storage.wired(conn), storage.sirens(conn))
        )
        await self._note_how_they_stand()
        now_ms = unix_ms(self._clock.now())
        for heard in self._heard.values():
            if heard.listener.health.state is not EventsState.LISTENING:
                self._taking_in.unheard(heard.cameras)
        healths = {camera: self.health(camera) for camera in self._of_camera}
        self._dead = dead_buttons.dead(self._wired, healths, now_ms)
        told = self._book.look(self._dead, now_ms, self._faults.is_maintained)
        self._untold += _alarms(told, now_ms)
        if self._untold:
            await self._log.append(self._untold)
            for alarm in self._untold:
                log.error("camera.button_dead", device=alarm.device, detail=alarm.detail)
            self._untold = []
        await self._say_who_lives(now_s)

    async def _note_how_they_stand(self) -> None:
        """Of inputs wired while their camera was listened to already: it told their state before,
        and without it nobody could say that a press was missed."""
        for one in self._wired:
            active = self.inputs(one.camera_id).get(one.token)
            heard = self._heard.get(self._of_camera.get(one.camera_id) or "")
            if one.known.active is not None or active is None or heard is None:
                continue
            stands = Sighting(SightingKind.INPUT, one.token, active, initial=True, at=None)
            await self._taking_in.take(heard.cameras, [stands])

    async def _follow(self, cameras: Iterable[RegisteredCamera]) -> None:
        devices: dict[str, list[RegisteredCamera]] = {}
        self._of_camera = {}
        for camera in cameras:
            self._of_camera[camera.id] = camera.onvif_address
            if camera.onvif_address is not None:
                devices.setdefault(camera.onvif_address, []).append(camera)
        wanted = {address: _where(address, some) for address, some in devices.items()}
        gone = [a for a, heard in self._heard.items() if wanted.get(a) != heard.where]
        await self._stop(gone)
        for address, some in devices.items():
            known = self._heard.get(address)
            if known is None:
                self._listen(wanted[address], tuple(some))
            else:
                known.cameras = tuple(some)

    def _listen(
        self, where: tuple[str, str | None, str | None], cameras: tuple[RegisteredCamera, ...]
    ) -> None:
        address = where[0]

        async def take(sightings: Sequence[Sighting]) -> None:
            heard.inputs |= {s.token: s.active for s in sightings if s.kind is SightingKind.INPUT}
            await self._taking_in.take(heard.cameras, sightings)

        name = ", ".join(camera.id for camera in cameras[:4])
        listener = Listener(name, self._open_line(*where), self._clock, take)
        task = asyncio.create_task(self._behind_bulkhead(name, listener))
        heard = _Heard(where, cameras, listener, task, {})
        self._heard[address] = heard

    async def _behind_bulkhead(self, name: str, listener: Listener) -> None:
        while True:
            try:
                await listener.run()
            except Exception:  # bulkhead: what one camera says must not silence the others
                log.exception("camera.events_failed", cameras=name)
            await self._clock.sleep(_AFTER_A_BUG_S)

    async def _stop(self, addresses: Iterable[str]) -> None:
        ending = [self._heard.pop(address) for address in addresses]
        for heard in ending:
            heard.task.cancel()
            self._taking_in.unheard(heard.cameras)
        await asyncio.gather(*(heard.task for heard in ending), return_exceptions=True)

    def _is_heard(self, camera_id: str) -> bool:
        health = self.health(camera_id)
        return health is not None and health.state is EventsState.LISTENING

    async def _say_who_lives(self, now_s: float) -> None:
        """What hangs on a camera has no voice: it lives as the camera's events do."""
        dead = {one.wired.button for one in self._dead}
        is_time = self._heartbeat_s is None or now_s - self._heartbeat_s >= _HEARTBEAT_EVERY_S
        alive = {one.button: one.button not in dead for one in self._wired}
        alive |= {siren: self._is_heard(camera) for siren, camera in self._sirens.items()}
        silent = self._book.told | {siren for siren in self._sirens if self._said.get(siren)}
        reports, said = [], dict[str, bool | None]()
        for device, lives in alive.items():
            before = said[device] = self._said.get(device)
            if lives and (is_time or before is not True):
                reports.append(DeviceReport(device, live=True, online=True, every_s=HEARTBEAT_S))
                said[device] = True
            elif not lives and before is not False and device in silent:
                reports.append(DeviceReport(device, live=True, online=False))
                said[device] = False
        if reports:
            await self._report(reports)
        if is_time:
            self._heartbeat_s = now_s
        self._said = said


def _where(address: str, cameras: Sequence[RegisteredCamera]) -> tuple[str, str | None, str | None]:
    return address, cameras[0].username, cameras[0].password


def _alarms(told: Sequence[DeadButton], now_ms: int) -> list[NewAlarm]:
    if len(told) >= _AT_ONCE:
        detail: dict[str, object] = {
            "cameras": sorted({one.wired.camera_id for one in told}),
            "buttons": [one.wired.button for one in told],
            "trouble": Trouble.BUTTON_DEAD.value,
        }
        return [_alarm(MANY, min(one.since_ms for one in told), (now_ms, 0), detail)]
    return [
        _alarm(
            one.wired.camera_id,
            one.since_ms,
            (now_ms, number),
            {
                "camera": one.wired.camera_id,
                "button": one.wired.button,
                "input": one.wired.token,
                "why": one.why.value,
                "trouble": Trouble.BUTTON_DEAD.value,
            },
        )
        for number, one in enumerate(told)
    ]


def _alarm(
    device: str, since_ms: int, named: tuple[int, int], detail: dict[str, object]
) -> NewAlarm:
    boot, seq = named
    return NewAlarm(
        source=AlarmSource.SYSTEM,
        device=device,
        boot=boot,
        seq=seq,
        mac="",
        kind=AlarmKind.CAMERA_FAULT,
        at_ms=since_ms,
        detail=detail,
    )
