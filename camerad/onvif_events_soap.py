"""One blocking conversation about a camera's events: a pull point made, pulled, kept, given back.

Only `onvif_door` imports this, as it does `onvif_soap`. What the answers say is read apart
(`camerad.device_events.reading`), from the bytes: makes differ too much for the WSDL's types.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import structlog
from lxml import etree  # type: ignore[import-untyped]

from camerad.device_events import reading
from camerad.device_events.reading import NotEvents, Pulled, Reference
from camerad.errors import CameraTalksNonsense, NoPullPoint, PullPointGone
from camerad.onvif_soap import Conversation
from camerad.web_address import is_web_address
from lianfang_timing import Clock

_EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
_LEASE: Final = "PT60S"
"""Short: one that we lose sight of holds one of the camera's few places for no longer."""
_AT_ONCE: Final = 64
_LOGIN_WORDS: Final = ("notauthorized", "not authorized", "failedauthentication", "time check")
_NONE_WORDS: Final = ("actionnotsupported", "not supported", "notsupported", "not implemented")

_log = structlog.get_logger()

Answer = TypeVar("Answer")


class EventsConversation(Conversation):
    """One pull point of one camera. Calls come one after the other, each in any thread."""

    def __init__(
        self,
        xaddr: str,
        username: str | None,
        password: str | None,
        timeout_s: float,
        clock: Clock,
    ) -> None:
        super().__init__(xaddr, username, password, timeout_s, clock)
        self._reference: Reference | None = None
        self._events: str | None = None

    def within(self, timeout_s: float) -> None:
        """The next call may take this long."""
        self._transport.restart(timeout_s)

    def open(self) -> float | None:
        """Create the pull point, and have all properties told: how long it lasts, seconds.

        Raises NoPullPoint, CameraUnreachable, CameraRefused, CameraTalksNonsense.
        """
        return self._guarded(self._open)

    def pull(self, wait_s: int) -> Pulled:
        """What waits, or what comes within `wait_s`. Raises PullPointGone and as `open`."""
        return self._guarded(lambda: self._pull(wait_s))

    def renew(self) -> float | None:
        """Keep it: how long it lasts now. Raises PullPointGone and as `open`."""
        return self._guarded(self._renew)

    def close(self) -> None:
        """Give it back. Raises PullPointGone and as `open`."""
        self._guarded(self._close)

    def _open(self) -> float | None:
        device = self._service("devicemgmt", self._xaddr)
        self._skew_s = self._read_skew(device)
        self._events = self._address_of(device, "Events", _EVENTS)
        if self._events is None:
            raise NoPullPoint(
                "摄像机没有事件服务。 / The camera has no event service.", offers_none=True
            )
        service = self._service("events", self._events, raw=True)
        said = self._said(service, "CreatePullPointSubscription", InitialTerminationTime=_LEASE)
        fault = self._read(reading.fault_in, said)
        if fault is not None:
            raise self._no_pull_point(fault)
        opened = self._read(reading.opened, said)
        if not is_web_address(opened.reference.address):
            raise CameraTalksNonsense(
                "摄像机给出的事件订阅地址不可用。 / "
                "The address the camera names for its events cannot be used."
            )
        self._reference = opened.reference
        self._tell_all()
        return opened.lasts_s

    def _tell_all(self) -> None:
        """Most tell how things stand by themselves to whoever begins to listen; not all."""
        said = self._to_subscription("pullpoint", "SetSynchronizationPoint")
        fault = self._read(reading.fault_in, said)
        if fault is not None:
            _log.info("onvif.no_synchronization_point", xaddr=self._xaddr, fault=fault[:200])

    def _pull(self, wait_s: int) -> Pulled:
        said = self._to_subscription(
            "pullpoint", "PullMessages", Timeout=f"PT{wait_s}S", MessageLimit=_AT_ONCE
        )
        self._check_there(said)
        return self._read(reading.pulled, said)

    def _renew(self) -> float | None:
        said = self._to_subscription("subscription", "Renew", TerminationTime=_LEASE)
        self._check_there(said)
        return self._read(reading.renewed, said)

    def _close(self) -> None:
        self._check_there(self._to_subscription("subscription", "Unsubscribe"))
        self._reference = None

    def _to_subscription(self, name: str, call: str, **arguments: object) -> bytes:
        reference = self._reference
        if reference is None:
            raise PullPointGone("尚未订阅事件。 / There is no subscription yet.")
        service = self._service(name, reference.address, raw=True)
        # what names the subscription where all of a camera's have one address
        headers = [etree.fromstring(one) for one in reference.parameters]
        return self._said(service, call, _soapheaders=headers or None, **arguments)

    def _said(self, service: Any, call: str, **arguments: object) -> bytes:
        content: bytes = self._ask(service, call, **arguments).content
        fault = self._read(reading.fault_in, content)
        if fault is not None and any(word in fault for word in _LOGIN_WORDS):
            raise self._refusal()
        return content

    def _check_there(self, content: bytes) -> None:
        fault = self._read(reading.fault_in, content)
        if fault is not None:
            raise PullPointGone(
                f"摄像机不再认得事件订阅：{fault[:200]}。 / "
                f"The camera knows the subscription no more: {fault[:200]}."
            )

    def _no_pull_point(self, fault: str) -> NoPullPoint:
        if any(word in fault for word in _NONE_WORDS):
            return NoPullPoint(
                "摄像机不支持事件订阅。 / The camera offers no pull points.", offers_none=True
            )
        return NoPullPoint(
            f"摄像机不再接受事件订阅，请在其他平台上退订：{fault[:200]}。 / The camera gives no "
            f"more subscriptions; have another system give one back: {fault[:200]}."
        )

    def _read(self, read: Callable[[bytes], Answer], content: bytes) -> Answer:
        try:
            return read(content)
        except NotEvents as odd:
            raise CameraTalksNonsense(
                f"摄像机的事件应答不符合 ONVIF（{odd}）。 / "
                f"The camera's answer about its events does not follow ONVIF ({odd})."
            ) from odd
