"""The simulated camera's ONVIF side, as onvif-zeep and plain HTTP see it."""

import asyncio
import base64
import importlib.util
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest

from camerad.errors import SourceUnreadable
from camerad.simulator.camera import SimulatedCamera
from camerad.simulator.film import draw_film
from camerad.simulator.scenes import EAST_GATE
from lianfang_timing import SystemClock

LOGIN = ("admin", "village-gate")


class AheadClock(SystemClock):
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=90)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "short.mp4"
    draw_film(path, EAST_GATE, seconds=2, fps=12)
    return path


def _camera(film: Path, **more: Any) -> SimulatedCamera:
    return SimulatedCamera(
        endpoint_reference=f"urn:uuid:{uuid.uuid4()}",
        name="东村口",
        film=film,
        username=LOGIN[0],
        password=LOGIN[1],
        **more,
    )


@pytest.fixture
async def camera(film: Path) -> AsyncIterator[SimulatedCamera]:
    async with _camera(film) as running:
        yield running


def _zeep(camera: SimulatedCamera, password: str = LOGIN[1]) -> Any:
    from onvif import ONVIFCamera

    host, port = camera.onvif_url.split("/")[2].split(":")
    spec = importlib.util.find_spec("onvif")
    assert spec is not None
    assert spec.origin is not None
    wsdl = Path(spec.origin).parent.parent / "wsdl"
    return ONVIFCamera(host, int(port), LOGIN[0], password, str(wsdl))


async def test_onvif_zeep_finds_the_device_and_both_streams(camera: SimulatedCamera) -> None:
    def ask() -> tuple[Any, ...]:
        device = _zeep(camera)
        management = device.create_devicemgmt_service()
        media = device.create_media_service()
        profiles = media.GetProfiles()
        uris = [
            media.GetStreamUri(
                {
                    "StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}},
                    "ProfileToken": profile.token,
                }
            ).Uri
            for profile in profiles
        ]
        snapshot = media.GetSnapshotUri({"ProfileToken": profiles[1].token}).Uri
        services = management.GetServices({"IncludeCapability": False})
        scopes = [scope.ScopeItem for scope in management.GetScopes()]
        return management.GetDeviceInformation(), profiles, uris, snapshot, services, scopes

    information, profiles, uris, snapshot, services, scopes = await asyncio.to_thread(ask)
    assert information.Manufacturer == "Lianfang"
    assert [profile.token for profile in profiles] == ["main", "sub"]
    size = profiles[1].VideoEncoderConfiguration.Resolution
    assert (size.Width, size.Height) == (704, 576)
    assert uris[1] == camera.rtsp_url
    assert snapshot.endswith(".jpg")
    assert len(services) == 2
    assert any("/name/%E4%B8%9C" in scope for scope in scopes)


async def test_a_wrong_password_is_a_fault(camera: SimulatedCamera) -> None:
    def ask() -> None:
        _zeep(camera, "guess").create_devicemgmt_service().GetDeviceInformation()

    with pytest.raises(Exception, match="not Authorized"):
        await asyncio.to_thread(ask)


async def test_the_clock_is_told_to_everybody(film: Path) -> None:
    question = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
        "</s:Body></s:Envelope>"
    )
    async with (
        _camera(film, clock=AheadClock()) as camera,
        aiohttp.ClientSession() as http,
        http.post(camera.onvif_url, data=question) as answer,
    ):
        text = await answer.text()
    ahead = datetime.now(UTC) + timedelta(seconds=90)
    assert answer.status == 200
    minutes = {ahead.minute, (ahead - timedelta(seconds=5)).minute}
    assert any(f"<tt:Minute>{minute}</tt:Minute>" in text for minute in minutes)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("no xml", "WellFormed"),
        ("<a/>", "WellFormed"),
        ('<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>', "WellFormed"),
        (
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
            "<GetDeviceInformation/></s:Body></s:Envelope>",
            "NotAuthorized",
        ),
    ],
)
async def test_a_bad_call_is_a_fault(camera: SimulatedCamera, body: str, says: str) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(camera.onvif_url, data=body) as answer,
    ):
        assert answer.status == 400
        assert says in await answer.text()


async def test_the_snapshot_is_the_present_picture_and_needs_the_login(
    camera: SimulatedCamera,
) -> None:
    address = camera.onvif_url.replace("device_service", "snapshot.jpg")
    told = base64.b64encode(":".join(LOGIN).encode()).decode()
    digest = aiohttp.DigestAuthMiddleware(*LOGIN)
    async with (
        aiohttp.ClientSession() as bare,
        aiohttp.ClientSession(headers={"Authorization": f"Basic {told}"}) as basic,
        aiohttp.ClientSession(middlewares=(digest,)) as digested,
    ):
        async with bare.get(address) as refused:
            assert refused.status == 401
        for session in (basic, digested):
            async with session.get(address) as answer:
                assert answer.status == 200
                data = np.frombuffer(await answer.read(), np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
            assert picture is not None
            assert picture.shape == (576, 704, 3)


async def test_a_film_that_cannot_be_played_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    with pytest.raises(SourceUnreadable, match=r"broken\.mp4"):
        async with _camera(broken):
            pass
