"""The ONVIF side of a simulated camera: device, media and event service, the snapshot address.

An aiohttp application; the camera that owns it opens the port.
"""

import asyncio
import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from xml.sax.saxutils import escape

from aiohttp import web

from camerad.simulator import digest, soap
from camerad.simulator.events import EVENTS_PATH, SUBSCRIPTION_PATH, EventService
from camerad.simulator.head import PTZ_PATH, Head
from camerad.simulator.relays import RelayService
from lianfang_timing import Clock

DEVICE_PATH = "/onvif/device_service"
_MEDIA_PATH = "/onvif/media_service"
_SNAPSHOT_PATH = "/onvif/snapshot.jpg"
_REALM = "simulated camera"
_TOLERANCE = timedelta(minutes=5)
_LARGEST_REQUEST = 64 * 1024
_NO_LOGIN = frozenset({"GetSystemDateAndTime"})  # as the ONVIF core specification has it


@dataclass(frozen=True)
class Nameplate:
    """What the camera says about itself. `scopes` are ONVIF scope addresses."""

    manufacturer: str
    model: str
    firmware: str
    serial: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """A media profile."""

    token: str
    name: str
    uri: str
    width: int
    height: int
    fps: float
    source: str = "source"
    """Token of the video source; a recorder has one for each channel."""
    encoding: str = "H264"


@dataclass
class OnvifDevice:
    """Answers ONVIF calls. Set `base_url` and `streams` when the ports are known."""

    nameplate: Nameplate
    username: str
    password: str = field(repr=False)
    clock: Clock
    jpeg: Callable[[], bytes]
    """The present picture; blocking."""
    base_url: str = ""
    streams: tuple[Stream, ...] = ()
    events: EventService | None = None
    """None: it has no event service."""
    relays: RelayService | None = None
    head: Head | None = None
    """None: it looks where it was hung."""
    separate_users: bool = False
    """The login is one of the web page only: ONVIF refuses it with HTTP 401, as some makes do."""
    _nonce: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        app.router.add_post(DEVICE_PATH, self._serve)
        app.router.add_post(_MEDIA_PATH, self._serve)
        if self.head is not None:
            app.router.add_post(PTZ_PATH, self._serve)
        if self.events is not None:
            app.router.add_post(EVENTS_PATH, self._serve)
            app.router.add_post(f"{SUBSCRIPTION_PATH}/{{number}}", self._serve)
        app.router.add_get(_SNAPSHOT_PATH, self._snapshot)
        return app

    async def _serve(self, http: web.Request) -> web.Response:
        try:
            request = soap.parse(await http.read())
        except soap.NotSoap as error:
            return _xml(soap.fault("Sender", "ter:WellFormed", str(error)), 400)
        if request.action not in _NO_LOGIN and self.separate_users:
            return web.Response(status=401, text="401 Unauthorized")
        if request.action not in _NO_LOGIN and not soap.login_holds(
            request,
            username=self.username,
            password=self.password,
            now=self.clock.now(),
            tolerance=_TOLERANCE,
        ):
            reason = "Sender not Authorized"
            return _xml(soap.fault("Sender", "ter:NotAuthorized", reason), 400)
        try:
            return await self._answer(request, http.match_info.get("number", ""))
        except soap.Refused as no:
            return _xml(soap.fault(no.code, no.subcode, no.reason), 500)

    async def _answer(self, request: soap.Request, number: str) -> web.Response:
        if self.events is not None:
            said = await self.events.answer(request, number)
            if said is not None:
                return _xml(soap.answer(said), 200)
        said = None if self.relays is None else self.relays.answer(request)
        if said is None and self.head is not None:
            said = self.head.answer(request)
        if said is not None:
            return _xml(soap.answer(said), 200)
        handler = {
            "GetSystemDateAndTime": self._date_and_time,
            "GetDeviceInformation": self._information,
            "GetCapabilities": self._capabilities,
            "GetServices": self._services,
            "GetScopes": self._scopes,
            "GetProfiles": self._profiles,
            "GetStreamUri": self._stream_uri,
            "GetSnapshotUri": self._snapshot_uri,
        }.get(request.action)
        if handler is None:
            reason = f"{request.action} is not supported"
            return _xml(soap.fault("Receiver", "ter:ActionNotSupported", reason), 500)
        body = handler(request)
        if body is None:
            return _xml(soap.fault("Sender", "ter:InvalidArgVal", "no such profile"), 400)
        return _xml(soap.answer(body), 200)

    async def _snapshot(self, http: web.Request) -> web.Response:
        header = http.headers.get("Authorization")
        allowed = self._basic_holds(header) or digest.verified(
            header,
            method=http.method,
            username=self.username,
            password=self.password,
            realm=_REALM,
            nonce=self._nonce,
        )
        if not allowed:
            refusal = web.Response(status=401, text="401 Unauthorized")
            refusal.headers.add("WWW-Authenticate", digest.challenge(_REALM, self._nonce, qop=True))
            refusal.headers.add("WWW-Authenticate", f'Basic realm="{_REALM}"')
            return refusal
        return web.Response(body=await asyncio.to_thread(self.jpeg), content_type="image/jpeg")

    def _basic_holds(self, header: str | None) -> bool:
        right = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        said = (header or "").encode()
        return hmac.compare_digest(said, f"Basic {right}".encode())

    # device service

    def _date_and_time(self, _request: soap.Request) -> str:
        now = self.clock.now()
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
            "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
            "<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
            f"<tt:Second>{now.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month>"
            f"<tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _information(self, _request: soap.Request) -> str:
        plate = self.nameplate
        return (
            "<tds:GetDeviceInformationResponse>"
            f"<tds:Manufacturer>{escape(plate.manufacturer)}</tds:Manufacturer>"
            f"<tds:Model>{escape(plate.model)}</tds:Model>"
            f"<tds:FirmwareVersion>{escape(plate.firmware)}</tds:FirmwareVersion>"
            f"<tds:SerialNumber>{escape(plate.serial)}</tds:SerialNumber>"
            "<tds:HardwareId>simulated</tds:HardwareId></tds:GetDeviceInformationResponse>"
        )

    def _capabilities(self, _request: soap.Request) -> str:
        return (
            "<tds:GetCapabilitiesResponse><tds:Capabilities>"
            f"<tt:Device><tt:XAddr>{self.base_url}{DEVICE_PATH}</tt:XAddr></tt:Device>"
            f"{self._event_capabilities()}"
            f"<tt:Media><tt:XAddr>{self.base_url}{_MEDIA_PATH}</tt:XAddr>"
            "<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast>"
            "<tt:RTP_TCP>false</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
            "</tt:StreamingCapabilities></tt:Media>"
            f"{self._head_capabilities()}"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>"
        )

    def _head_capabilities(self) -> str:
        if self.head is None:
            return ""
        return f"<tt:PTZ><tt:XAddr>{self.base_url}{PTZ_PATH}</tt:XAddr></tt:PTZ>"

    def _event_capabilities(self) -> str:
        if self.events is None:
            return ""
        return (
            f"<tt:Events><tt:XAddr>{self.base_url}{EVENTS_PATH}</tt:XAddr>"
            "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>"
            "<tt:WSPullPointSupport>true</tt:WSPullPointSupport>"
            "<tt:WSPausableSubscriptionManagerInterfaceSupport>false"
            "</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
        )

    def _services(self, _request: soap.Request) -> str:
        services = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
            f"<tds:XAddr>{self.base_url}{path}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            for name, path in (("device", DEVICE_PATH), ("media", _MEDIA_PATH))
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _scopes(self, _request: soap.Request) -> str:
        scopes = "".join(
            "<tds:Scopes><tt:ScopeDef>Fixed</tt:ScopeDef>"
            f"<tt:ScopeItem>{escape(scope)}</tt:ScopeItem></tds:Scopes>"
            for scope in self.nameplate.scopes
        )
        return f"<tds:GetScopesResponse>{scopes}</tds:GetScopesResponse>"

    # media service

    def _profiles(self, _request: soap.Request) -> str:
        profiles = "".join(_profile(stream, self.head) for stream in self.streams)
        return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"

    def _stream_uri(self, request: soap.Request) -> str | None:
        stream = self._chosen(request)
        return _media_uri("GetStreamUri", stream.uri) if stream else None

    def _snapshot_uri(self, request: soap.Request) -> str | None:
        uri = f"{self.base_url}{_SNAPSHOT_PATH}"
        return _media_uri("GetSnapshotUri", uri) if self._chosen(request) else None

    def _chosen(self, request: soap.Request) -> Stream | None:
        token = request.text("ProfileToken")
        return next((stream for stream in self.streams if stream.token == token), None)


def _profile(stream: Stream, head: Head | None) -> str:
    turns = (
        '<tt:PTZConfiguration token="head"><tt:Name>head</tt:Name><tt:UseCount>1</tt:UseCount>'
        "<tt:NodeToken>head</tt:NodeToken></tt:PTZConfiguration>"
    )
    return (
        f'<trt:Profiles token="{stream.token}" fixed="true"><tt:Name>{stream.name}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="{stream.source}"><tt:Name>source</tt:Name>'
        f"<tt:UseCount>2</tt:UseCount><tt:SourceToken>{stream.source}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{stream.width}" height="{stream.height}"/>'
        "</tt:VideoSourceConfiguration>"
        f'<tt:VideoEncoderConfiguration token="{stream.token}-encoder">'
        f"<tt:Name>{stream.name}</tt:Name><tt:UseCount>1</tt:UseCount>"
        f"<tt:Encoding>{stream.encoding}</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{stream.width}</tt:Width>"
        f"<tt:Height>{stream.height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{round(stream.fps)}</tt:FrameRateLimit>"
        "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>700</tt:BitrateLimit>"
        f"</tt:RateControl><tt:H264><tt:GovLength>{round(stream.fps)}</tt:GovLength>"
        "<tt:H264Profile>Main</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address>"
        "</tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart>"
        "</tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
        f"</tt:VideoEncoderConfiguration>{'' if head is None else turns}</trt:Profiles>"
    )


def _media_uri(call: str, uri: str) -> str:
    return (
        f"<trt:{call}Response><trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>true</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:{call}Response>"
    )


def _xml(text: str, status: int) -> web.Response:
    return web.Response(
        text=text, status=status, content_type="application/soap+xml", charset="utf-8"
    )
