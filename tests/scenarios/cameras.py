"""Cameras for scenarios: registered in a site's store as an administrator would, and looked at."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert

from camerad.simulator.site import CameraSpec
from linkage import schema
from linkage.cameras import password_context
from linkage.mapping.reading import view_columns
from linkage.mapping.sight import FieldOfView
from linkage.storage import open_storage
from tests.polling import until
from tests.scenarios.house import House, Officer

LOGIN, PASSWORD = "viewer", "simulated-camera"
Picture = NDArray[np.uint8]
Polygon = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Registered:
    """A row of the register: by its ONVIF identity, or by hand with a stream address."""

    id: str
    endpoint_reference: str | None = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")
    stream_uri: str | None = None
    password: str = PASSWORD
    village: str = "dongcun"
    loiter: Polygon | None = None
    dwell_s: float = 8.0
    privacy: Polygon | None = None
    legal_class: str = "public"
    """A household's (`private`) waits for its consent."""
    spot: tuple[float | None, float | None] = (None, None)
    """Latitude and longitude, where the camera is to be near a household."""
    view: FieldOfView | None = None

    @property
    def name(self) -> str:
        return f"测试{self.id}"

    def playing(self, film: Path) -> CameraSpec:
        """The simulated camera that answers to this row; its own password is always PASSWORD."""
        assert self.endpoint_reference is not None
        return CameraSpec(
            id=self.id,
            endpoint_reference=self.endpoint_reference,
            name=self.id,
            film=str(film),
            username=LOGIN,
            password=PASSWORD,
        )


def register(site: House, *cameras: Registered) -> None:
    """Write the cameras and their zones; the site must not be running yet."""
    storage = open_storage(site.settings)

    def write(conn: Connection) -> None:
        for camera in cameras:
            sealed = storage.box.seal(camera.password.encode(), context=password_context(camera.id))
            row = {
                "id": camera.id,
                "name": camera.name,
                "village_id": camera.village,
                "endpoint_reference": camera.endpoint_reference,
                "stream_uri": camera.stream_uri,
                "username": LOGIN,
                "password_sealed": sealed,
                "legal_class": camera.legal_class,
                "layer": "community",
                "latitude": camera.spot[0],
                "longitude": camera.spot[1],
                **view_columns(camera.view),
                "enabled": camera.legal_class != "private",
            }
            conn.execute(insert(schema.cameras).values(row))
            if camera.loiter is not None:
                zone = {
                    "camera_id": camera.id,
                    "name": "gate",
                    "kind": "loiter",
                    "polygon": json.dumps([list(point) for point in camera.loiter]),
                    "dwell_s": camera.dwell_s,
                }
                conn.execute(insert(schema.zones).values(zone))
            if camera.privacy is not None:
                zone = {
                    "camera_id": camera.id,
                    "name": "yard",
                    "kind": "privacy",
                    "polygon": json.dumps([list(point) for point in camera.privacy]),
                }
                conn.execute(insert(schema.zones).values(zone))

    storage.database.write_now(write)
    storage.database.close_now()


async def camera_states(officer: Officer) -> dict[str, dict[str, object]]:
    """What `/api/v1/cameras` says, by camera."""
    items = (await officer.get("/cameras"))["items"]
    assert isinstance(items, list)
    return {item["id"]: item for item in items}


async def until_watching(officer: Officer, camera: str, *, within_s: float = 45.0) -> None:
    async def is_watching() -> bool:
        return (await camera_states(officer))[camera]["state"] == "watching"

    await until(is_watching, timeout_s=within_s, every_s=0.2)


async def loitering_of(officer: Officer, camera: str, *, within_s: float) -> dict[str, object]:
    """The first incident of loitering that this camera raised and that has a picture of it."""

    async def found() -> dict[str, object] | None:
        for incident in (await officer.get("/incidents?limit=50"))["items"]:
            raised = any(alarm["device"] == camera for alarm in incident["alarms"])
            shown = any(picture["camera"] == camera for picture in incident["evidence"])
            if incident["kind"] == "loitering" and raised and shown:
                return dict(incident)
        return None

    return await until(found, timeout_s=within_s, every_s=0.3)


async def picture_of(officer: Officer, incident: dict[str, object], camera: str) -> Picture:
    """The camera's first picture in the incident, its hash checked, decoded to BGR."""
    evidence = incident["evidence"]
    assert isinstance(evidence, list)
    (first, *_) = (picture for picture in evidence if picture["camera"] == camera)
    assert first["kind"] == "snapshot"
    async with officer.session.get(first["url"]) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "image/jpeg"
        jpeg = await answer.read()
    assert hashlib.sha256(jpeg).hexdigest() == first["sha256"]
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def frames(film: Path, *moments_s: float) -> list[Picture]:
    """The pictures of a clip at these moments, BGR."""
    clip = cv2.VideoCapture(str(film))
    rate = clip.get(cv2.CAP_PROP_FPS)
    found = []
    for moment_s in moments_s:
        clip.set(cv2.CAP_PROP_POS_FRAMES, round(moment_s * rate))
        ok, picture = clip.read()
        assert ok, f"{film} has no picture at {moment_s} s"
        found.append(np.asarray(picture, np.uint8))
    clip.release()
    return found


def changed(picture: Picture, background: Picture, region: Polygon) -> float:
    """The share (0..1) of a region, in fractions of the frame, that differs clearly in brightness.

    A camera's own picture of loitering is the luma that was looked at: it has no colours.
    """
    high, wide = background.shape[:2]
    seen = cv2.cvtColor(cv2.resize(picture, (wide, high)), cv2.COLOR_BGR2GRAY)
    before = cv2.cvtColor(background, cv2.COLOR_BGR2GRAY)
    xs, ys = [x for x, _ in region], [y for _, y in region]
    left, right = round(min(xs) * wide), round(max(xs) * wide)
    top, bottom = round(min(ys) * high), round(max(ys) * high)
    inside = (slice(max(0, top), bottom), slice(max(0, left), right))
    return float((cv2.absdiff(seen[inside], before[inside]) > 25).mean())
