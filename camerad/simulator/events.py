"""The event service of a simulated camera: pull points, digital inputs, whatever else it may say.

As cameras do: messages wait for each pull point by themselves and are gone once handed over, pull
points are few and end unless they are pulled or renewed, and a restart forgets them all.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from camerad.simulator import soap
from lianfang_timing import Clock, came_within

EVENTS_PATH = "/onvif/event_service"
SUBSCRIPTION_PATH = "/onvif/subscription"
_KEPT = 100
"""Messages for one pull point."""
_LIFE = timedelta(seconds=60)
INPUT = "tns1:Device/Trigger/DigitalInput"


@dataclass
class _PullPoint:
    ends: datetime
    waiting: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, message: str) -> None:
        self.waiting.append(message)
        self.news.set()


@dataclass
class EventService:
    """Answers about events. Inputs are active or not, by token."""

    clock: Clock
    inputs: dict[str, bool] = field(default_factory=dict)
    at_most: int = 2
    """Pull points."""
    tells_state: bool = True
    """Whether it says how its inputs stand to who begins to listen."""
    hangs_s: float = 0.0
    """Pulls are not answered for so long."""
    base_url: str = ""
    created: int = 0
    pulls: int = 0
    renewed: int = 0
    _points: dict[str, _PullPoint] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def listening(self) -> int:
        """Pull points that are alive."""
        self._end_old()
        return len(self._points)

    def set_input(self, token: str, *, active: bool) -> None:
        """Press or release what is wired to it."""
        self.inputs[token] = active
        self.say(INPUT, {"InputToken": token}, {"LogicalState": str(active).lower()})

    def say(
        self,
        topic: str,
        source: Mapping[str, str],
        data: Mapping[str, str],
        operation: str | None = "Changed",
        at: datetime | None = None,
    ) -> None:
        """Tell whoever listens."""
        self._end_old()
        message = _message(topic, source, data, operation, at or self.clock.now())
        for point in self._points.values():
            point.say(message)

    def restart(self) -> None:
        """The power was cut: every subscription is forgotten; inputs stand as they are wired."""
        for point in self._points.values():
            point.news.set()
        self._points.clear()

    async def answer(self, request: soap.Request, number: str) -> str | None:
        """The body of an answer; None for what this service does not know. Raises Refused."""
        match request.action:
            case "CreatePullPointSubscription":
                return self._create()
            case "PullMessages":
                return await self._pull(request, number)
            case "SetSynchronizationPoint":
                self._tell_state(self._point(number))
                return "<tev:SetSynchronizationPointResponse/>"
            case "Renew":
                return self._renew(number)
            case "Unsubscribe":
                self._point(number)
                del self._points[number]
                return "<wsnt:UnsubscribeResponse/>"
        return None

    def _create(self) -> str:
        self._end_old()
        if len(self._points) >= self.at_most:
            raise soap.Refused("Receiver", "wsnt:SubscribeCreationFailedFault", "too many")
        number = str(next(self._numbers))
        point = _PullPoint(self.clock.now() + _LIFE)
        self._points[number] = point
        self.created += 1
        if self.tells_state:
            self._tell_state(point)
        return (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa:Address>{self.base_url}{SUBSCRIPTION_PATH}/{number}</wsa:Address>"
            "<wsa:ReferenceParameters>"
            f'<sim:Subscription xmlns:sim="urn:simulated">{number}</sim:Subscription>'
            "</wsa:ReferenceParameters></tev:SubscriptionReference>"
            f"{self._times('wsnt', point)}</tev:CreatePullPointSubscriptionResponse>"
        )

    async def _pull(self, request: soap.Request, number: str) -> str:
        self.pulls += 1
        if self.hangs_s:
            await self.clock.sleep(self.hangs_s)
        point = self._point(number)
        point.ends = max(point.ends, self.clock.now() + _LIFE / 2)
        if not point.waiting:
            point.news.clear()
            wait_s = _seconds(request.text("Timeout"))
            await came_within(self.clock, wait_s, point.news.wait())
        self._point(number)
        at_most = int(request.text("MessageLimit") or "10")
        ready = [point.waiting.popleft() for _ in range(min(at_most, len(point.waiting)))]
        return (
            f"<tev:PullMessagesResponse>{self._times('tev', point)}{''.join(ready)}"
            "</tev:PullMessagesResponse>"
        )

    def _renew(self, number: str) -> str:
        point = self._point(number)
        point.ends = self.clock.now() + _LIFE
        self.renewed += 1
        return f"<wsnt:RenewResponse>{self._times('wsnt', point)}</wsnt:RenewResponse>"

    def _tell_state(self, point: _PullPoint) -> None:
        for token, active in self.inputs.items():
            data = {"LogicalState": str(active).lower()}
            source, now = {"InputToken": token}, self.clock.now()
            point.say(_message(INPUT, source, data, "Initialized", now))

    def _point(self, number: str) -> _PullPoint:
        self._end_old()
        if number not in self._points:
            raise soap.Refused("Sender", "wsrf-rw:ResourceUnknownFault", "no such subscription")
        return self._points[number]

    def _end_old(self) -> None:
        now = self.clock.now()
        self._points = {n: p for n, p in self._points.items() if p.ends > now}

    def _times(self, prefix: str, point: _PullPoint) -> str:
        return (
            f"<{prefix}:CurrentTime>{_zulu(self.clock.now())}</{prefix}:CurrentTime>"
            f"<{prefix}:TerminationTime>{_zulu(point.ends)}</{prefix}:TerminationTime>"
        )


def _message(
    topic: str,
    source: Mapping[str, str],
    data: Mapping[str, str],
    operation: str | None,
    at: datetime,
) -> str:
    said = "" if operation is None else f' PropertyOperation="{operation}"'
    return (
        '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/'
        f'topicExpression/ConcreteSet">{escape(topic)}</wsnt:Topic><wsnt:Message>'
        f'<tt:Message UtcTime="{_zulu(at)}"{said}><tt:Source>{_items(source)}</tt:Source>'
        f"<tt:Data>{_items(data)}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def _items(items: Mapping[str, str]) -> str:
    return "".join(
        f"<tt:SimpleItem Name={quoteattr(name)} Value={quoteattr(value)}/>"
        for name, value in items.items()
    )


def _zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _seconds(duration: str) -> float:
    """Of a duration as we send it: PT9S."""
    return float(duration.removeprefix("PT").removesuffix("S") or "1")
