"""One simulated camera: ONVIF and RTSP on ports of its own, playing one film."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import quote

from aiohttp import web

from camerad.simulator.discovery import Announcement
from camerad.simulator.events import EventService
from camerad.simulator.head import Head
from camerad.simulator.onvif_device import DEVICE_PATH, Nameplate, OnvifDevice, Stream
from camerad.simulator.reel import Reel, load_reel
from camerad.simulator.relays import Relay, RelayService
from camerad.simulator.rtsp import MAIN, SUB, RtspServer
from lianfang_timing import Clock, SystemClock


class _Off:
    """A clock that is set wrong; its seconds are as long as everybody's."""

    def __init__(self, clock: Clock, by: timedelta) -> None:
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


class SimulatedCamera:
    """Served while entered; ports that are 0 are chosen by the system.

    Entering raises SourceUnreadable for a film that cannot be played, OSError for a port in use.
    Discovery is apart: hand `announcement` to a `DiscoveryResponder`.
    """

    def __init__(
        self,
        *,
        endpoint_reference: str,
        name: str,
        film: Path,
        username: str,
        password: str,
        host: str = "127.0.0.1",
        onvif_port: int = 0,
        rtsp_port: int = 0,
        manufacturer: str = "Lianfang",
        model: str = "Simulated Camera",
        firmware: str = "1.0",
        location: str = "town",
        channels: int = 1,
        separate_users: bool = False,
        clock_off_s: float = 0.0,
        inputs: Sequence[str] = ("input-1",),
        pull_points: int = 2,
        turns: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """`endpoint_reference` is urn:uuid:…, the camera's lasting identity in discovery.

        With several `channels` it is a recorder: so many video sources, that all show the film.
        `separate_users`: ONVIF refuses the login that RTSP takes. `clock_off_s`: what ONVIF says
        the time is, ahead of `clock`. `inputs`: tokens of its digital inputs, released;
        `pull_points`: how many it gives at once. `turns`: it has presets.
        """
        self._endpoint_reference = endpoint_reference
        self._film = film
        self._login = (username, password)
        self._host = host
        self._onvif_port, self._rtsp_port = onvif_port, rtsp_port
        self._clock = clock or SystemClock()
        scopes = (
            "onvif://www.onvif.org/type/video_encoder",
            "onvif://www.onvif.org/Profile/Streaming",
            f"onvif://www.onvif.org/name/{quote(name, safe='')}",
            f"onvif://www.onvif.org/hardware/{quote(model, safe='')}",
            f"onvif://www.onvif.org/location/{quote(location, safe='')}",
        )
        serial = endpoint_reference.rpartition(":")[2]
        self._nameplate = Nameplate(manufacturer, model, firmware, serial, scopes)
        self._channels = channels
        self._separate_users = separate_users
        self._told_clock = _Off(self._clock, timedelta(seconds=clock_off_s))
        self.events = EventService(
            self._told_clock, dict.fromkeys(inputs, False), at_most=pull_points
        )
        self.relays = RelayService(self._told_clock, {"relay-1": Relay()})
        self.head = Head({"preset-1": ("大门 gate", (0.4, 0.1, 0.2))}) if turns else None
        self._exits = AsyncExitStack()
        self._reel: Reel | None = None
        self._rtsp: RtspServer | None = None
        self._device: OnvifDevice | None = None
        self._started_s = 0.0
        self._rtsp_url = ""

    @property
    def onvif_url(self) -> str:
        """Address of the device service; known once entered."""
        return f"http://{self._host}:{self._onvif_port}{DEVICE_PATH}"

    @property
    def rtsp_url(self) -> str:
        """Address of the sub-stream without a login; known once entered."""
        return self._rtsp_url

    @property
    def stream(self) -> RtspServer:
        """What plays the film; once entered."""
        assert self._rtsp is not None
        return self._rtsp

    def change_password(self, password: str) -> None:
        """As somebody does on the camera's own page: it restarts its streams, too."""
        assert self._device is not None
        self._device.password = password
        self.stream.set_password(password)
        self.stream.drop_clients()

    @property
    def announcement(self) -> Announcement:
        """This camera as discovery shows it; once entered."""
        return Announcement(self._endpoint_reference, (self.onvif_url,), self._nameplate.scopes)

    async def __aenter__(self) -> Self:
        reel = await asyncio.to_thread(load_reel, self._film)
        self._reel = reel
        self._started_s = self._clock.monotonic()
        username, password = self._login
        async with AsyncExitStack() as exits:
            rtsp = await exits.enter_async_context(
                RtspServer(
                    reel,
                    username=username,
                    password=password,
                    elapsed=self._elapsed_s,
                    host=self._host,
                    port=self._rtsp_port,
                )
            )
            self._rtsp, self._rtsp_url = rtsp, rtsp.url
            device = OnvifDevice(
                nameplate=self._nameplate,
                username=username,
                password=password,
                clock=self._told_clock,
                jpeg=self._jpeg,
                streams=self._streams(reel, rtsp),
                events=self.events,
                relays=self.relays,
                head=self.head,
                separate_users=self._separate_users,
            )
            self._device = device
            runner = web.AppRunner(device.application(), access_log=None, shutdown_timeout=1.0)
            exits.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, self._host, self._onvif_port).start()
            self._onvif_port = runner.addresses[0][1]
            device.base_url = f"http://{self._host}:{self._onvif_port}"
            self.events.base_url = device.base_url
            self._exits = exits.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._exits.aclose()

    def _streams(self, reel: Reel, rtsp: RtspServer) -> tuple[Stream, ...]:
        return tuple(
            Stream(
                token if number == 1 else f"{token}-{number}",
                token,
                rtsp.address(path),
                reel.width,
                reel.height,
                reel.fps,
                source=f"source-{number}",
            )
            for number in range(1, self._channels + 1)
            for token, path in (("main", MAIN), ("sub", SUB))
        )

    def _elapsed_s(self) -> float:
        return self._clock.monotonic() - self._started_s

    def _jpeg(self) -> bytes:
        assert self._reel is not None  # set before the port is opened
        return self._reel.jpeg(self._reel.number_at(self._elapsed_s()))
