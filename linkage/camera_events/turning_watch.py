"""Turning cameras to their alarm presets, and giving them back; every move is written down.

Beside the way of a press: it looks every two seconds what is open and what was set, and acts. What
is to be done is decided in `turning`. Each camera stands behind a bulkhead.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import Connection, Row, select, update

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from alarms.store import Database, SealedBox
from camerad.errors import CameradError
from camerad.model import Position
from lianfang_timing import Backoff, Clock, unix_ms
from linkage import audit
from linkage.audit import AuditAction, AuditEntry
from linkage.camera_events import storage
from linkage.camera_events.schema import camera_presets
from linkage.camera_events.turning import (
    Doing,
    Scene,
    Turned,
    Wanted,
    is_where_we_left_it,
    scene_for,
    to_do,
)
from linkage.cameras import password_context
from linkage.consent.judging import PRIVATE
from linkage.model.incident import OPEN_STAGES
from linkage.schema import cameras, incident_cameras, incidents
from linkage.watching import Pace, keep_watching

BY: Final = "系统 System"
_PACE: Final = Pace(every_s=2.0, after_a_bug_s=30.0, retry=Backoff(first_s=0.5, cap_s=10.0))
_AGAIN_S: Final = 30.0
"""A camera that cannot be given back is tried again."""
_ARRIVES_S: Final = 1.0
_LOOKS: Final = 10
"""So often it is asked whether it has arrived."""
_OPEN: Final = [stage.value for stage in OPEN_STAGES]
_LOUD: Final = [kind.value for kind in LIFE_SAFETY_KINDS - {AlarmKind.DURESS}]

log = structlog.get_logger()


class Head(Protocol):
    """What this needs of `camerad.onvif_door.CameraHead`."""

    async def position(self) -> Position: ...
    async def turn(self, preset: str | None) -> None: ...


OpenHead = Callable[[str, tuple[str | None, str | None], str | None], Head]
"""From address, login and the channel of a recorder."""


@dataclass(frozen=True)
class Turning:
    """A camera that has a preset for alarms."""

    wanted: Wanted
    turned: Turned
    scenes: tuple[Scene, ...]
    onvif_address: str
    username: str | None
    source: str | None
    password: str | None = field(repr=False)


class CameraTurning:
    """One a site."""

    def __init__(
        self, database: Database, box: SealedBox, clock: Clock, *, head: OpenHead, writer: str
    ) -> None:
        self._database = database
        self._box = box
        self._clock = clock
        self._open = head
        self._writer = writer
        self._not_before_s: dict[str, float] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        await keep_watching("camera presets", self.run_once, self._clock.sleep, _PACE)

    async def run_once(self) -> None:
        """One look. Raises StoreBusy."""
        found = await self._database.read(self._read)
        await asyncio.gather(*(self._behind_bulkhead(one) for one in found))

    async def _behind_bulkhead(self, one: Turning) -> None:
        camera = one.wanted.camera_id
        if self._clock.monotonic() < self._not_before_s.get(camera, 0.0):
            return
        try:
            await self._see_to(one)
        except Exception:  # bulkhead: one camera that cannot be turned must not hold up the others
            log.exception("camera.not_turned", camera=camera)
            self._not_before_s[camera] = self._clock.monotonic() + _AGAIN_S

    async def _see_to(self, one: Turning) -> None:
        head = self._open(one.onvif_address, (one.username, one.password), one.source)
        match to_do(one.wanted, one.turned, one.scenes, self._now_ms()):
            case Doing.TURN:
                await self._turn(one, head)
            case Doing.BACK:
                await self._give_back(one, head)
            case Doing.NOTHING:
                pass

    async def _turn(self, one: Turning, head: Head) -> None:
        now_ms, wanted = self._now_ms(), one.wanted
        scene = scene_for(one.turned, one.scenes, now_ms)
        assert scene is not None, "decided just now"
        trying = one.turned
        if trying.incident != scene.id:
            trying = Turned(scene.id, now_ms)
            await self._keep(wanted, trying)
        try:
            if (await head.position()).moving:
                await self._put_off(one, trying, "somebody moves it")
                return
            # written down before it moves; after a crash in between it is given back
            turned = replace(trying, away=True, since_ms=now_ms)
            await self._keep(wanted, turned, change="turned", preset=wanted.preset)
            await head.turn(wanted.preset)
        except CameradError as error:
            await self._keep(wanted, replace(trying, away=False))
            await self._put_off(one, trying, str(error))
            return
        await self._keep(wanted, replace(turned, left=await self._arrived(head)))
        log.info("camera.turned", camera=wanted.camera_id, preset=wanted.preset)

    async def _put_off(self, one: Turning, trying: Turned, why: str) -> None:
        """It is tried again for a while; that it was not turned at once is written down once."""
        log.warning("camera.put_off", camera=one.wanted.camera_id, why=why)
        if one.turned.incident != trying.incident:
            await self._keep(one.wanted, trying, change="put-off", why=why)

    async def _arrived(self, head: Head) -> Position | None:
        """Where it looks when it stands still; None where it does not say."""
        for _ in range(_LOOKS):
            try:
                now = await head.position()
            except CameradError:
                return None
            if not now.moving:
                return now
            await self._clock.sleep(_ARRIVES_S)
        return None

    async def _give_back(self, one: Turning, head: Head) -> None:
        wanted = one.wanted
        try:
            ours = is_where_we_left_it(one.turned.left, await head.position())
            if ours:
                await head.turn(wanted.home)
        except CameradError as error:
            log.warning("camera.not_given_back", camera=wanted.camera_id, detail=str(error))
            self._not_before_s[wanted.camera_id] = self._clock.monotonic() + _AGAIN_S
            return
        change = "given-back" if ours else "left-to-others"
        done = replace(one.turned, away=False)
        await self._keep(wanted, done, change=change, preset=wanted.home)
        log.info("camera.given_back", camera=wanted.camera_id, was=change)

    async def _keep(
        self, wanted: Wanted, turned: Turned, *, change: str | None = None, **said: object
    ) -> None:
        now_ms, left = self._now_ms(), turned.left or Position(None, None, None)
        values = {
            "incident_id": turned.incident,
            "since_ms": turned.since_ms,
            "away": turned.away,
            "pan": left.pan,
            "tilt": left.tilt,
            "zoom": left.zoom,
        }

        def write(conn: Connection) -> None:
            c = camera_presets.c
            conn.execute(
                update(camera_presets).where(c.camera_id == wanted.camera_id).values(values)
            )
            if change is not None:
                detail = {"change": change, "incident": turned.incident, **said}
                entry = AuditEntry(BY, AuditAction.CHANGE, f"camera:{wanted.camera_id}", "", detail)
                audit.record(conn, self._writer, [entry], at_ms=now_ms)

        await self._database.write(write)

    def _read(self, conn: Connection) -> list[Turning]:
        p, c = camera_presets.c, cameras.c
        rows = conn.execute(
            select(camera_presets, c.onvif_address, c.username, c.password_sealed, c.source)
            .join(cameras, c.id == p.camera_id)
            .where(
                c.enabled.is_(True),
                c.onvif_address.is_not(None),
                # a household's camera looks where the household has it look
                c.legal_class != PRIVATE,
            )
        ).all()
        ids = [row.camera_id for row in rows]
        # a privacy zone is a part of the picture: turned, the camera shows what it hides
        veiled = storage.veiled(conn, ids)
        scenes = _scenes(conn, [camera for camera in ids if camera not in veiled])
        return [self._turning(row, scenes.get(row.camera_id, ())) for row in rows]

    def _turning(self, row: Row[Any], scenes: tuple[Scene, ...]) -> Turning:
        password = None
        if row.password_sealed is not None:
            context = password_context(row.camera_id)
            password = self._box.open(row.password_sealed, context=context).decode()
        knows = row.pan is not None or row.zoom is not None
        return Turning(
            Wanted(row.camera_id, row.preset, row.home, row.back_after_s),
            Turned(
                row.incident_id,
                row.since_ms,
                bool(row.away),
                Position(row.pan, row.tilt, row.zoom) if knows else None,
            ),
            scenes,
            row.onvif_address,
            row.username,
            row.source,
            password,
        )

    def _now_ms(self) -> int:
        return unix_ms(self._clock.now())


def _scenes(conn: Connection, ids: list[str]) -> dict[str, tuple[Scene, ...]]:
    """The open incidents that each camera looks at: loud, and no practice; the newest first."""
    if not ids:
        return {}
    rows = conn.execute(
        select(incident_cameras.c.camera_id, incidents.c.id, incidents.c.opened_at_ms)
        .join_from(incidents, incident_cameras, incident_cameras.c.incident_id == incidents.c.id)
        .where(
            incident_cameras.c.camera_id.in_(ids),
            incidents.c.stage.in_(_OPEN),
            incidents.c.kind.in_(_LOUD),
            incidents.c.silent.is_(False),
            incidents.c.drill.is_(False),
        )
        .order_by(incidents.c.opened_at_ms.desc(), incidents.c.number.desc())
    )
    found: dict[str, tuple[Scene, ...]] = {}
    for camera, incident, opened_at_ms in rows:
        found[camera] = (*found.get(camera, ()), Scene(incident, opened_at_ms))
    return found
