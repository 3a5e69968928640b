"""The invented town of the demo: 3 villages, 6 cameras, 12 groups, 120 households with buttons.

Names, numbers and places are made up; the coordinates are fields.
"""

import json
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from alarms.credentials import enrol_tested_in
from alarms.devices import Credentials, DeviceRegistry
from alarms.store import SealedBox
from linkage import schema
from linkage.accounts import people
from linkage.accounts.passwords import Passwords
from linkage.accounts.rights import Places, Role
from linkage.cameras import password_context
from linkage.mapping.reading import view_columns
from linkage.mapping.sight import FieldOfView
from linkage.registry.history import Caller, note_many
from linkage.registry.model import Change, Entity
from linkage.registry.personal import Contact, sealed_columns
from linkage.zones.schema import camera_zone_versions

GROUPS_PER_VILLAGE = 4
HOUSEHOLDS_PER_GROUP = 10
_GRIDS_PER_VILLAGE = 2
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙"
# about 45 m between neighbours, 250 m between groups; in degrees at this latitude
_STEP_LAT, _STEP_LON = 0.0004, 0.00046
_GROUP_LON = 0.0026
# what a visitor should see happen: somebody lingers in view this long before it is loitering
DEMO_DWELL_S = 12.0


@dataclass(frozen=True)
class Village:
    id: str
    name: str
    latitude: float
    longitude: float
    households_total: int
    """Of which 40 are in the net."""


VILLAGES = (
    Village("dongcun", "东村", 29.8012, 121.5204, 46),
    Village("xicun", "西村", 29.8031, 121.4906, 58),
    Village("beicun", "北村", 29.8203, 121.5051, 48),
)


@dataclass(frozen=True)
class DemoCamera:
    """A camera of the town and the scene that it plays."""

    id: str
    name: str
    village: str
    scene: str
    group: int
    """Which group of the village it looks at, from 1."""
    view: FieldOfView | None = None
    """Where it looks; None: nobody wrote it down, as happens."""


CAMERAS = (
    DemoCamera("cam-dongcun-1", "东村东大门", "dongcun", "east-gate", 1, FieldOfView(250, 90, 110)),
    DemoCamera("cam-dongcun-2", "东村集市街", "dongcun", "market", 3, FieldOfView(0, 360, 60)),
    DemoCamera("cam-xicun-1", "西村学校门口", "xicun", "school-gate", 1, FieldOfView(270, 70, 140)),
    DemoCamera("cam-xicun-2", "西村石桥", "xicun", "bridge", 3, FieldOfView(45, 60, 120)),
    DemoCamera("cam-beicun-1", "北村十字路口", "beicun", "crossroads", 1, FieldOfView(240, 90, 90)),
    DemoCamera("cam-beicun-2", "北村供销社", "beicun", "store", 3),
)

ACCOUNTS = (
    ("duty", "张值班", Role.DUTY_OFFICER, "综治中心", "*"),
    ("leader", "李班长", Role.SHIFT_LEADER, "综治中心", "*"),
    ("police", "周警官", Role.DISPATCHER, "派出所", "*"),
    ("dongcun-head", "王村长", Role.VILLAGE_HEAD, "东村村委会", "dongcun"),
    ("auditor", "赵审计", Role.AUDITOR, "综治中心", "*"),
    ("admin", "吴管理", Role.ADMINISTRATOR, "综治中心", "*"),
)


@dataclass(frozen=True)
class DemoAccount:
    username: str
    role: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class DemoButton:
    """A household's button with all that a program needs to press it."""

    credentials: Credentials
    household: str
    household_label: str
    group: str
    group_name: str
    village: str
    village_name: str


@dataclass(frozen=True)
class CameraZone:
    """Where on the picture somebody may linger; fractions of the frame."""

    camera_id: str
    polygon: Sequence[tuple[float, float]]


def seed_places(conn: Connection, box: SealedBox) -> None:
    """Villages, grids, groups and households."""
    for village in VILLAGES:
        conn.execute(
            insert(schema.villages).values(
                id=village.id,
                name=village.name,
                households_total=village.households_total,
                boundary=_boundary(village),
            )
        )
        for grid in range(1, _GRIDS_PER_VILLAGE + 1):
            conn.execute(
                insert(schema.grids).values(
                    id=f"{village.id}-w{grid}",
                    village_id=village.id,
                    name=f"{village.name}第{grid}网格",
                )
            )
        for group in range(1, GROUPS_PER_VILLAGE + 1):
            grid = (group + 1) // 2
            conn.execute(
                insert(schema.mutual_aid_groups).values(
                    id=f"{village.id}-g{group}",
                    grid_id=f"{village.id}-w{grid}",
                    name=f"{village.name}{group}组",
                    leader_household_id=_household_id(village, group, 1),
                )
            )
            conn.execute(insert(schema.households), _households(village, group, box))


def seed_buttons(conn: Connection, devices: DeviceRegistry) -> list[DemoButton]:
    """A signed button in every household, with what it was given."""
    return buttons_of(
        lambda household: devices.enrol_in(conn, f"{household}-1", household_id=household)
    )


def try_buttons(
    conn: Connection, buttons: Sequence[DemoButton], *, writer: str, now_ms: int
) -> None:
    """Every button was tried where it hangs: the demo's town is in the net."""
    ids = [button.credentials.device for button in buttons]
    enrolled = enrol_tested_in(conn, dict.fromkeys(ids, now_ms))
    caller = Caller("demo", "", Places(None), now_ms, writer)
    for change in (Change.ISSUED, Change.ENROLLED):
        note_many(conn, caller, [(Entity.DEVICE, device, change, {}) for device in enrolled])


def buttons_of(given: Callable[[str], Credentials]) -> list[DemoButton]:
    """Every household's button; `given` says what the household's own was given."""
    buttons = []
    for village in VILLAGES:
        for group in range(1, GROUPS_PER_VILLAGE + 1):
            for number in range(1, HOUSEHOLDS_PER_GROUP + 1):
                household = _household_id(village, group, number)
                buttons.append(
                    DemoButton(
                        credentials=given(household),
                        household=household,
                        household_label=_label(group, number),
                        group=f"{village.id}-g{group}",
                        group_name=f"{village.name}{group}组",
                        village=village.id,
                        village_name=village.name,
                    )
                )
    return buttons


def seed_cameras(
    conn: Connection, box: SealedBox, zones: Sequence[CameraZone], *, username: str, password: str
) -> None:
    """The cameras with one loitering and one motion zone each; their addresses are discovered."""
    villages = {village.id: village for village in VILLAGES}
    for camera in CAMERAS:
        village = villages[camera.village]
        latitude, longitude = _spot(village, camera.group, HOUSEHOLDS_PER_GROUP // 2)
        conn.execute(
            insert(schema.cameras).values(
                id=camera.id,
                name=camera.name,
                village_id=camera.village,
                username=username,
                password_sealed=box.seal(password.encode(), context=password_context(camera.id)),
                legal_class="public",
                layer="community",
                latitude=latitude,
                longitude=longitude,
                **view_columns(camera.view),
                enabled=True,
            )
        )
    seed_zones(conn, zones)


def name_cameras(conn: Connection) -> dict[str, str]:
    """ONVIF identities for this start, by camera: two demos on one machine find only their own."""
    drawn = {camera.id: f"urn:uuid:{uuid.uuid4()}" for camera in CAMERAS}
    for camera_id, reference in drawn.items():
        conn.execute(
            update(schema.cameras)
            .where(schema.cameras.c.id == camera_id)
            # where it was found before is no longer true either
            .values(endpoint_reference=reference, onvif_address=None, stream_uri=None)
        )
    return drawn


def seed_zones(conn: Connection, zones: Sequence[CameraZone]) -> None:
    """The zones as this start wants them: a visitor's clip may take a camera's place. What somebody
    drew in the console stays."""
    drawn = set(conn.scalars(select(camera_zone_versions.c.camera_id)))
    conn.execute(delete(schema.zones).where(schema.zones.c.camera_id.not_in(drawn)))
    for zone in zones:
        if zone.camera_id in drawn:
            continue
        polygon = json.dumps([list(point) for point in zone.polygon])
        for name, kind, dwell_s in (("gate", "loiter", DEMO_DWELL_S), ("street", "motion", None)):
            conn.execute(
                insert(schema.zones).values(
                    camera_id=zone.camera_id,
                    name=name,
                    kind=kind,
                    polygon=polygon,
                    dwell_s=dwell_s,
                )
            )


def seed_accounts(conn: Connection, passwords: Passwords, *, now_ms: int) -> list[DemoAccount]:
    """The people of the duty room, each with a password drawn at random."""
    made = []
    for username, display_name, role, unit, place in ACCOUNTS:
        password = secrets.token_urlsafe(9)
        people.add(
            conn,
            username,
            display_name=display_name,
            unit=unit,
            role=role.value,
            places=[place],
            password_hash=passwords.hash_now(password),
            now_ms=now_ms,
        )
        made.append(DemoAccount(username, role.value, password))
    return made


def _boundary(village: Village) -> str:
    """A lozenge around all its households, as GeoJSON."""
    south, west = village.latitude - 0.003, village.longitude - 0.003
    north, east = village.latitude + 0.006, village.longitude + GROUPS_PER_VILLAGE * _GROUP_LON
    middle, across = (south + north) / 2, (west + east) / 2
    corners = [(west, middle), (across, south), (east + 0.003, middle), (across, north)]
    ring = [[round(lon, 5), round(lat, 5)] for lon, lat in (*corners, corners[0])]
    return json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))


def _households(village: Village, group: int, box: SealedBox) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(1, HOUSEHOLDS_PER_GROUP + 1):
        household = _household_id(village, group, number)
        latitude, longitude = _spot(village, group, number)
        contact = Contact(
            name=f"{_SURNAMES[(group + number) % len(_SURNAMES)]}演示",
            phone=f"0000000{group:02d}{number:02d}",
            address=f"{village.name}{group}组{number}号",
        )
        rows.append(
            {
                "id": household,
                "group_id": f"{village.id}-g{group}",
                "label": _label(group, number),
                **sealed_columns(box, household, contact),
                "latitude": latitude,
                "longitude": longitude,
                "wants_notices": True,
            }
        )
    return rows


def _household_id(village: Village, group: int, number: int) -> str:
    return f"{village.id}-{(group - 1) * HOUSEHOLDS_PER_GROUP + number:03d}"


def _label(group: int, number: int) -> str:
    return f"{group}组{number:02d}号"


def _spot(village: Village, group: int, number: int) -> tuple[float, float]:
    row, column = divmod(number - 1, 5)
    return (
        round(village.latitude + row * _STEP_LAT, 6),
        round(village.longitude + (group - 1) * _GROUP_LON + column * _STEP_LON, 6),
    )
