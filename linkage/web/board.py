"""The cameras and the parts of the system as every console shows them, looked at once a second.

One task keeps the board; streams compare what they have sent with what stands on it, so that a
slow console misses intermediate states and never the present one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog
from aiohttp import web
from sqlalchemy import Connection, select

from alarms.errors import StoreBusy
from alarms.model import AlarmKind
from alarms.store.tables import alarms
from camerad.model import CameraHealth, CameraState
from camerad.zones import ZoneDefaults
from lianfang_timing import unix_ms
from linkage import schema as s
from linkage.accounts import sessions
from linkage.accounts.rights import Places
from linkage.camera_losses import cameras_of
from linkage.cameras import words_of
from linkage.model.incident import OPEN_STAGES
from linkage.quiet.deciding import flood_at
from linkage.quiet.scopes import maintained_cameras
from linkage.quiet.storage import camera_alarms_ms
from linkage.supervision import orders
from linkage.supervision.orders import Counts
from linkage.web import camera_views, system_views
from linkage.web.answering import moment, moment_or_none
from linkage.web.camera_input_views import events_view
from linkage.web.incident_rows import AnyRow, newest_position
from linkage.web.ports import ComponentStatus, Ports

log = structlog.get_logger()

_LOOK_EVERY_S = 1.0
_FLOODS_LOOKED_BACK_MS = 24 * 3600 * 1000
"""A flood that lasts longer is said to have begun then."""


@dataclass(frozen=True)
class CameraCard:
    """A camera with what decides who may see it."""

    village_id: str
    view: camera_views.Camera

    @property
    def news(self) -> camera_views.Camera:
        """What is worth telling a console: all but the figures that move with every frame."""
        return msgspec.structs.replace(
            self.view,
            frames_per_s=0.0,
            analysed_per_s=0.0,
            newest_frame_age_s=None,
            last_picture_at=None,
            reconnects_per_hour=0,
        )


@dataclass(frozen=True)
class Registered:
    """What the store knows of the cameras and of who is present."""

    cameras: list[AnyRow] = field(default_factory=list)
    zones: dict[str, list[camera_views.ZoneItem]] = field(default_factory=dict)
    officers: int = 0
    position: int = 0
    camera_alarms_ms: list[int] = field(default_factory=list)
    maintenance: Mapping[str | None, Counts] = field(default_factory=dict)
    maintained: Mapping[str, int] = field(default_factory=dict)
    """Cameras that are worked on, and until when."""
    faults: Mapping[str, camera_views.Fault] = field(default_factory=dict)


class Board:
    """Keeps what the store said last, and composes it with how things are at this moment."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._registered = Registered()

    async def refresh(self) -> None:
        """Look into the store. Raises StoreBusy: then what was known before stays."""
        now_ms = unix_ms(self._ports.clock.now())
        usual = self._ports.zones
        self._registered = await self._ports.database.read(
            lambda conn: _read(conn, usual, now_ms=now_ms)
        )

    def cameras(self) -> dict[str, CameraCard]:
        """All enabled cameras by id, in the order of their ids."""
        health = self._ports.camera_health()
        known = self._registered
        return {
            row.id: CameraCard(
                row.village_id,
                _camera(row, known, health, self._ports),
            )
            for row in known.cameras
        }

    def system(self, places: Places) -> system_views.System:
        """The system, as it is known now, to somebody of these places."""
        status = self._ports.system_status()
        health = self._ports.camera_health()
        states = [_state(row.id, health) for row in self._registered.cameras]
        officers = self._registered.officers
        return system_views.System(
            intake=self._part(status.intake),
            store=self._part(status.store),
            broker=system_views.Broker(kind=status.broker),
            cameras=system_views.CameraCounts(
                watching=states.count(CameraState.WATCHING),
                down=states.count(CameraState.DOWN),
                connecting=states.count(CameraState.CONNECTING),
            ),
            console=system_views.ConsoleState(attended=officers > 0, officers=officers),
            flood=self._flood(),
            maintenance=self._maintenance(places),
            sse_position=self._registered.position,
        )

    def _maintenance(self, places: Places) -> system_views.Maintenance:
        found = [c for v, c in self._registered.maintenance.items() if places.covers(v)]
        return system_views.Maintenance(
            open=sum(c.open for c in found),
            overdue=sum(c.overdue for c in found),
            unowned=sum(c.unowned for c in found),
        )

    def _flood(self) -> system_views.Flood | None:
        now_ms = unix_ms(self._ports.clock.now())
        flood = flood_at(self._registered.camera_alarms_ms, now_ms, self._ports.flood)
        if flood is None:
            return None
        return system_views.Flood(
            since=moment(flood.since_ms, self._ports.site.zone), alarms=flood.alarms
        )

    def _part(self, status: ComponentStatus) -> system_views.Part:
        return system_views.Part(
            state="up" if status.up else "down",
            since=moment(unix_ms(status.since), self._ports.site.zone),
            detail=status.detail,
        )

    async def run(self) -> None:
        """Refresh again and again until cancelled."""
        while True:
            try:
                await self.refresh()
            except StoreBusy as busy:
                log.warning("board_keeps_old_state", reason=str(busy))
            await asyncio.sleep(_LOOK_EVERY_S)


BOARD: web.AppKey[Board] = web.AppKey("board", Board)


async def keep_board(app: web.Application) -> AsyncIterator[None]:
    """Have the board kept while the application runs."""
    task = asyncio.create_task(app[BOARD].run(), name="board")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _read(conn: Connection, usual: ZoneDefaults, *, now_ms: int) -> Registered:
    c = s.cameras.c
    cameras = conn.execute(
        select(c.id, c.name, c.village_id, c.clock_skew_s, s.villages.c.name.label("village"))
        .join(s.villages, s.villages.c.id == c.village_id)
        .where(c.enabled.is_(True))
        .order_by(c.id)
    ).all()
    zones: dict[str, list[camera_views.ZoneItem]] = {}
    for row in conn.execute(select(s.zones).order_by(s.zones.c.camera_id, s.zones.c.name)):
        words = usual.filled(words_of(row))
        zones.setdefault(row.camera_id, []).append(
            camera_views.ZoneItem(
                name=row.name,
                kind=row.kind,
                polygon=[(x, y) for x, y in json.loads(row.polygon)],
                dwell_s=words.dwell_s,
                armed=words.armed,
                armed_days_off=words.armed_days_off,
            )
        )
    officers = len(sessions.officers_present(conn, now_ms=now_ms))
    return Registered(
        list(cameras),
        zones,
        officers,
        newest_position(conn),
        camera_alarms_ms(conn, since_ms=now_ms - _FLOODS_LOOKED_BACK_MS),
        orders.counts(conn),
        maintained_cameras(conn, now_ms),
        _faults(conn),
    )


def _faults(conn: Connection) -> dict[str, camera_views.Fault]:
    """The newest open incident about each camera itself."""
    i, link = s.incidents.c, s.incident_alarms.c
    rows = conn.execute(
        select(i.id, i.number, link.device, alarms.c.payload)
        .join_from(s.incidents, s.incident_alarms, link.incident_id == i.id)
        .join(alarms, alarms.c.id == link.alarm_id, isouter=True)
        .where(
            i.kind == AlarmKind.CAMERA_FAULT.value,
            i.stage.in_([stage.value for stage in OPEN_STAGES]),
        )
        .order_by(i.opened_at_ms)
    )
    found = {}
    for row in rows:
        told = {} if row.payload is None else json.loads(row.payload)["detail"]
        for camera in cameras_of(told) or [row.device]:
            found[camera] = camera_views.Fault(incident=row.id, number=row.number)
    return found


def _camera(
    row: AnyRow,
    registered: Registered,
    health: Mapping[str, CameraHealth],
    ports: Ports,
) -> camera_views.Camera:
    known, until_ms = health.get(row.id), registered.maintained.get(row.id)
    age_s = known.newest_frame_age_s if known else None
    picture_ms = None if age_s is None else unix_ms(ports.clock.now()) - round(age_s * 1000)
    events = ports.camera_events
    return camera_views.Camera(
        id=row.id,
        name=row.name,
        village=row.village,
        state=_state(row.id, health).value,
        reason=known.reason if known else "starting",
        detail=known.detail if known else "",
        since=moment(unix_ms(known.since), ports.site.zone) if known else None,
        frames_per_s=known.frames_per_s if known else 0.0,
        analysed_per_s=known.analysed_per_s if known else 0.0,
        shedding=known.shedding if known else False,
        trouble=known.trouble.value if known and known.trouble else None,
        newest_frame_age_s=age_s,
        last_picture_at=moment_or_none(picture_ms, ports.site.zone),
        reconnects_per_hour=known.reconnects_per_hour if known else 0,
        maintained_until=moment_or_none(until_ms, ports.site.zone),
        fault=registered.faults.get(row.id),
        clock_skew_s=row.clock_skew_s,
        events=None if events is None else events_view(events.health(row.id), ports.site.zone),
        dead_buttons=[]
        if events is None
        else [one.wired.button for one in events.dead if one.wired.camera_id == row.id],
        zones=registered.zones.get(row.id, []),
    )


def _state(camera_id: str, health: Mapping[str, CameraHealth]) -> CameraState:
    known = health.get(camera_id)
    return known.state if known else CameraState.CONNECTING
