"""One blocking ONVIF conversation, with onvif-zeep.

Only `onvif_door` imports this, late and in a thread, because importing onvif-zeep sets logging up.
Its services are made in `onvif_services`, HTTP is `onvif_transport`'s; the library's camera class
is not used: it would create a pull point nobody asked for. Events have a conversation of their own
(`onvif_events_soap`), which builds on this one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import structlog
from lxml.etree import LxmlError  # type: ignore[import-untyped]
from requests.auth import HTTPDigestAuth
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError
from zeep.wsse.username import UsernameToken

from camerad.errors import CameraRefused, CameraTalksNonsense
from camerad.model import CameraDescription, StreamProfile
from camerad.onvif_services import service
from camerad.onvif_transport import LimitedTransport, WantsHttpDigestError
from camerad.profiles import channels
from camerad.stream_address import checked, without_login
from camerad.web_address import is_web_address
from lianfang_timing import Clock

_log = structlog.get_logger()

Answer = TypeVar("Answer")
_PROFILE_LIMIT: Final = 400
"""Three profiles for each channel of the largest recorder."""
_ASKED_ALL: Final = 16
"""Up to so many profiles are asked for their addresses one and all; of more, those worth using."""
_SKEW_WORTH_TELLING_S: Final = 5.0
_MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
_HINT_ZH: Final = (
    "许多摄像机的 ONVIF 用户与网页用户分开（海康、大华），请在 ONVIF 用户中添加；"
    "海康 5.5.0 起 ONVIF 默认关闭，需先开启。"
)
_HINT: Final = (
    "Many cameras keep ONVIF users apart from their web users (Hikvision, Dahua): add one there."
    " On Hikvision since 5.5.0 ONVIF is off until it is switched on."
)
# what zeep, and we, meet in an answer that is well-formed but not what the WSDL says
_ODD_ANSWER: Final = (ZeepError, LxmlError, AttributeError, LookupError, TypeError, ValueError)
_LOGIN_FAULTS: Final = ("notauthorized", "not authorized", "failedauthentication", "time check")


class Conversation:
    """One conversation with one camera, in one thread."""

    def __init__(
        self,
        xaddr: str,
        username: str | None,
        password: str | None,
        timeout_s: float,
        clock: Clock,
    ) -> None:
        self._xaddr = xaddr
        self._login = (username, password or "") if username else None
        self._clock = clock
        self._transport = LimitedTransport(timeout_s)
        self._http_digest = False
        self._skew_s: float | None = None

    def describe(self) -> CameraDescription:
        """Raises CameraUnreachable, CameraRefused, CameraTalksNonsense."""
        return self._guarded(self._converse)

    def skew(self) -> float | None:
        """Seconds, as `clock_skew_s` of a description. Raises as `describe`."""
        return self._guarded(lambda: self._read_skew(self._service("devicemgmt", self._xaddr)))

    def _guarded(self, ask: Callable[[], Answer]) -> Answer:
        """What zeep and the camera do wrong, as errors of ours; the connection is closed after."""
        try:
            return ask()
        except Fault as fault:
            if _is_about_login(fault):
                raise self._refusal() from fault
            raise CameraTalksNonsense(
                f"摄像机报错：{fault}。 / The camera answers with a fault: {fault}."
            ) from fault
        except TransportError as failed:
            if failed.status_code in (401, 403):
                raise self._refusal() from failed
            status = failed.status_code
            raise CameraTalksNonsense(
                f"摄像机应答 HTTP {status}。 / The camera answers with HTTP status {status}."
            ) from failed
        except _ODD_ANSWER as odd:
            raise CameraTalksNonsense(
                "摄像机的应答不符合 ONVIF。 / The camera's answer does not follow ONVIF."
            ) from odd
        finally:
            self._transport.session.close()

    def _converse(self) -> CameraDescription:
        device = self._service("devicemgmt", self._xaddr)
        self._skew_s = self._read_skew(device)
        about = self._ask(device, "GetDeviceInformation")
        media = self._service("media", self._media_address(device))
        profiles = (self._ask(media, "GetProfiles") or [])[:_PROFILE_LIMIT]
        return CameraDescription(
            manufacturer=_text(about, "Manufacturer"),
            model=_text(about, "Model"),
            firmware=_text(about, "FirmwareVersion"),
            serial=_text(about, "SerialNumber"),
            profiles=self._with_addresses(media, profiles),
            clock_skew_s=self._skew_s,
        )

    def _read_skew(self, device: Any) -> float | None:
        """Asked without a login: before we know the camera's time it would refuse our token."""
        before = self._clock.now()
        try:
            said = self._call(device, "GetSystemDateAndTime", login=False).UTCDateTime
            theirs = datetime(
                said.Date.Year, said.Date.Month, said.Date.Day,
                said.Time.Hour, said.Time.Minute, min(said.Time.Second, 59), tzinfo=UTC,
            )  # fmt: skip
        except (*_ODD_ANSWER, WantsHttpDigestError):
            _log.info("onvif.no_time", xaddr=self._xaddr)
            return None
        ours = before + (self._clock.now() - before) / 2
        return (theirs - ours).total_seconds()

    def _media_address(self, device: Any) -> str:
        address = self._address_of(device, "Media", _MEDIA)
        if address is None:
            raise CameraTalksNonsense(
                "摄像机没有给出可用的媒体服务地址。 / "
                "The camera names no usable address for its media service."
            )
        return address

    def _address_of(self, device: Any, category: str, namespace: str) -> str | None:
        """Where the device says this service of it is; None where it names no usable address."""
        try:
            capabilities = self._ask(device, "GetCapabilities", Category=[category])
        except Fault as fault:
            # what a device has not, some refuse to tell of
            if _is_about_login(fault):
                raise
            capabilities = None
        address = _text(getattr(capabilities, category, None), "XAddr")
        if not address:
            services = self._ask(device, "GetServices", IncludeCapability=False) or []
            address = next((s.XAddr for s in services if s.Namespace == namespace), "")
        return address if is_web_address(address) else None

    def _with_addresses(self, media: Any, profiles: list[Any]) -> tuple[StreamProfile, ...]:
        """The video profiles; of a recorder's many only those worth using get their addresses."""
        found = [_profile(p) for p in profiles if p.VideoEncoderConfiguration is not None]
        asked = found
        if len(found) > _ASKED_ALL:
            # an address to be asked for counts as one until it is asked for
            promising = channels([replace(p, stream_uri="rtsp://asked-later/") for p in found])
            worth = {p.token for c in promising for p in (c.detection, c.evidence) if p}
            asked = [p for p in found if p.token in worth]
        addresses = {p.token: self._addresses(media, p.token) for p in asked}
        return tuple(
            replace(p, stream_uri=addresses[p.token][0], snapshot_uri=addresses[p.token][1])
            if p.token in addresses
            else p
            for p in found
        )

    def _addresses(self, media: Any, token: str) -> tuple[str | None, str | None]:
        """Of the stream and of the snapshot. A recorder's channel without a camera has none."""
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        try:
            stream = self._ask(media, "GetStreamUri", StreamSetup=setup, ProfileToken=token)
        except Fault as fault:
            if _is_about_login(fault):
                raise
            _log.info("onvif.no_stream", xaddr=self._xaddr, profile=token)
            return None, None
        return _stream_uri(_text(stream, "Uri")), self._snapshot_uri(media, token)

    def _snapshot_uri(self, media: Any, token: str) -> str | None:
        """Optional in ONVIF; a camera without it answers with a fault."""
        try:
            uri = _text(self._ask(media, "GetSnapshotUri", ProfileToken=token), "Uri")
        except Fault:
            return None
        return without_login(uri) if is_web_address(uri) else None

    def _service(self, name: str, address: str, *, raw: bool = False) -> Any:
        """`raw`: its calls return the HTTP answer as it came, faults too."""
        return service(name, address, self._transport, raw=raw)

    def _ask(self, service: Any, call: str, **arguments: object) -> Any:
        """Call with our login, in the envelope or, when the camera wants that, in HTTP."""
        try:
            return self._call(service, call, login=True, **arguments)
        except WantsHttpDigestError:
            if self._http_digest or self._login is None:
                raise self._refusal() from None
            self._http_digest = True
            self._transport.session.auth = HTTPDigestAuth(*self._login)
            return self._ask(service, call, **arguments)

    def _call(self, service: Any, call: str, *, login: bool, **arguments: object) -> Any:
        token = None
        if login and self._login is not None and not self._http_digest:
            # naive, because zeep takes it for UTC; a fresh one for every call
            theirs = self._clock.now() + timedelta(seconds=self._skew_s or 0.0)
            token = UsernameToken(  # type: ignore[no-untyped-call]
                *self._login,
                use_digest=True,
                created=theirs.replace(tzinfo=None),
                zulu_timestamp=True,  # the other form is refused by some firmware
            )
        service.zeep_client.wsse = token
        return getattr(service.ws_client, call)(**arguments)

    def _refusal(self) -> CameraRefused:
        if self._login is None:
            zh, en = (
                "摄像机需要 ONVIF 用户名和密码。",
                "The camera wants an ONVIF user name and password.",
            )
        else:
            zh = "摄像机不接受该 ONVIF 用户名和密码。"
            en = "The camera refuses this ONVIF user name and password."
        if self._skew_s is not None and abs(self._skew_s) > _SKEW_WORTH_TELLING_S:
            off = timedelta(seconds=round(abs(self._skew_s)))
            fast = self._skew_s > 0
            zh += f"摄像机时钟{'快' if fast else '慢'} {off}，请用 NTP 校时。"
            en += f" Its clock is {off} {'fast' if fast else 'slow'}; set it by NTP."
        return CameraRefused(f"{zh}{_HINT_ZH} / {en} {_HINT}", bare=f"{zh} / {en}")


def _profile(profile: Any) -> StreamProfile:
    """A profile as the device lists it, without the addresses that are asked for one by one."""
    video = profile.VideoEncoderConfiguration
    rate = getattr(video.RateControl, "FrameRateLimit", None)
    return StreamProfile(
        token=str(profile.token),
        name=str(profile.Name or profile.token),
        width=int(video.Resolution.Width),
        height=int(video.Resolution.Height),
        encoding=str(video.Encoding or ""),
        frames_per_s=float(rate) if rate else None,
        stream_uri=None,
        snapshot_uri=None,
        source=_text(profile.VideoSourceConfiguration, "SourceToken"),
    )


def _is_about_login(fault: Fault) -> bool:
    said = " ".join([str(fault.message), *(str(code) for code in fault.subcodes or [])]).lower()
    return any(word in said for word in _LOGIN_FAULTS)


def _stream_uri(uri: str) -> str | None:
    try:
        return without_login(checked(uri.strip()))
    except CameraTalksNonsense as wrong:
        _log.warning("onvif.bad_stream_address", detail=str(wrong))
        return None


def _text(thing: Any, name: str) -> str:
    return str(getattr(thing, name, None) or "")
