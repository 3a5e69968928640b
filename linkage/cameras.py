"""The registered cameras: reading them from the store, and keeping where they were found.

Finding them is `camera_locator`'s work; what a camera sees is the matter of `camerad`; what an
alarm of it means, of the pipeline.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, select, update

from alarms.store import Database, SealedBox
from camerad.model import Camera, CameraHealth, Zone, ZoneKind
from camerad.zones import ZoneDefaults, ZoneWords
from lianfang_timing import unix_ms
from linkage import schema
from linkage.consent.judging import PRIVATE
from linkage.consent.reading import keeps
from linkage.rules.model import SourceState

BUILT_IN_DEFAULTS = ZoneDefaults()


@dataclass(frozen=True)
class RegisteredCamera:
    """A camera as the registry knows it."""

    id: str
    name: str
    village_id: str
    endpoint_reference: str | None
    onvif_address: str | None
    stream_uri: str | None
    username: str | None
    password: str | None = field(repr=False)
    zones: tuple[Zone, ...] = ()
    source: str | None = None
    """Of a recorder's channel: which; `endpoint_reference` is then the recorder's."""
    main_stream_uri: str | None = None
    legal_class: str = "public"
    household_keeps: bool = False
    """Of a household's camera: it agreed that pictures of an incident are kept."""
    clock_skew_s: float | None = None
    """Its clock minus ours, as last read."""

    @property
    def located(self) -> "Located | None":
        """Where it was found last; None where it never was."""
        if self.onvif_address is None or self.stream_uri is None:
            return None
        return Located(self.onvif_address, self.stream_uri, self.main_stream_uri)

    def to_watch(self, stream_uri: str, time_zone: str) -> Camera:
        """What `camerad` needs of it."""
        return Camera(
            id=self.id,
            name=self.name,
            stream_uri=stream_uri,
            username=self.username,
            password=self.password,
            zones=self.zones,
            time_zone=time_zone,
            main_stream_uri=self.main_stream_uri,
            keeps_evidence=self.legal_class != PRIVATE or self.household_keeps,
        )


@dataclass(frozen=True)
class Located:
    """Where a camera was found."""

    onvif_address: str
    stream_uri: str
    main_stream_uri: str | None


class CameraRegistry:
    """Reads and writes the cameras and zones of the store."""

    def __init__(
        self, database: Database, box: SealedBox, *, zones: ZoneDefaults = BUILT_IN_DEFAULTS
    ) -> None:
        """`zones`: what holds where a zone leaves something out."""
        self._database = database
        self._box = box
        self._zones = zones

    async def enabled(self) -> list[RegisteredCamera]:
        """The cameras to watch. Raises StoreBusy."""
        return await self._database.read(self._enabled)

    async def note_located(self, camera_id: str, found: Located) -> None:
        """Keep where a camera was found. Raises StoreBusy."""
        statement = (
            update(schema.cameras)
            .where(schema.cameras.c.id == camera_id)
            .values(
                onvif_address=found.onvif_address,
                stream_uri=found.stream_uri,
                main_stream_uri=found.main_stream_uri,
            )
        )
        await self._database.write(lambda conn: conn.execute(statement))

    async def note_clock(self, camera_id: str, skew_s: float, *, at_ms: int) -> None:
        """Keep how far a camera's clock was off ours. Raises StoreBusy."""
        statement = (
            update(schema.cameras)
            .where(schema.cameras.c.id == camera_id)
            .values(clock_skew_s=skew_s, clock_read_at_ms=at_ms)
        )
        await self._database.write(lambda conn: conn.execute(statement))

    def _enabled(self, conn: Connection) -> list[RegisteredCamera]:
        zones: dict[str, list[Zone]] = {}
        for row in conn.execute(select(schema.zones).order_by(schema.zones.c.name)):
            zones.setdefault(row.camera_id, []).append(_zone(row, self._zones))
        table = schema.cameras
        rows = conn.execute(select(table).where(table.c.enabled).order_by(table.c.id))
        return [
            RegisteredCamera(
                id=row.id,
                name=row.name,
                village_id=row.village_id,
                endpoint_reference=row.endpoint_reference or row.recorder_reference,
                onvif_address=row.onvif_address,
                stream_uri=row.stream_uri,
                username=row.username,
                password=self._password(row),
                zones=tuple(zones.get(row.id, ())),
                source=row.source,
                main_stream_uri=row.main_stream_uri,
                legal_class=row.legal_class,
                household_keeps=row.legal_class == PRIVATE and keeps(conn, row.id),
                clock_skew_s=row.clock_skew_s,
            )
            for row in rows
        ]

    def _password(self, row: Row[tuple[object, ...]]) -> str | None:
        if row.password_sealed is None:
            return None
        return self._box.open(row.password_sealed, context=password_context(row.id)).decode()


def password_context(camera_id: str) -> str:
    """What a camera's sealed password is bound to."""
    return f"camera:{camera_id}"


def _zone(row: Row[tuple[object, ...]], usual: ZoneDefaults) -> Zone:
    words = usual.filled(words_of(row))
    return Zone(
        name=row.name,
        kind=words.kind,
        polygon=tuple((float(x), float(y)) for x, y in json.loads(row.polygon)),
        dwell_s=words.dwell_s,
        min_height=words.min_height,
        armed=words.hours,
    )


def zones_to_watch(conn: Connection, camera_id: str, usual: ZoneDefaults) -> tuple[Zone, ...]:
    """A camera's zones as its worker is told of them."""
    z = schema.zones
    rows = conn.execute(select(z).where(z.c.camera_id == camera_id).order_by(z.c.name))
    return tuple(_zone(row, usual) for row in rows)


def words_of(row: Row[tuple[object, ...]]) -> ZoneWords:
    """What a row of zones says."""
    return ZoneWords(ZoneKind(row.kind), row.dwell_s, row.min_height, row.armed, row.armed_days_off)


def camera_states(health: Mapping[str, CameraHealth]) -> dict[str, tuple[SourceState, int]]:
    """How each camera is and since when (Unix milliseconds), as rules ask for it."""
    return {
        camera_id: (SourceState(known.state.value), unix_ms(known.since))
        for camera_id, known in health.items()
    }
