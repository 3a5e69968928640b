"""The webhook way: a signed CloudEvent by POST. The one door to the HTTP client.

A receiver is told again until it answers 2xx or the deadline passes; the id stays the same, so
that it can tell a repeat. Each webhook has connections of its own: one that hangs holds up none.
Where the receiver wants it, events that go out at the same moment share a POST.
"""

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from alarms.store import SealedBox
from lianfang_timing import Clock, unix_ms
from linkage.registry.texts import seal_for_site
from linkage.ways.gathering import Gathering
from linkage.ways.port import Message, NotSent, Reached, Receipt
from linkage.ways.settings import Use, Webhook
from linkage.ways.signing import signature
from linkage.ways.subject import Sender, Subject, cloud_event

CONNECTIONS = 64
"""To one receiver. Kept open: a first message does not wait for a handshake."""

BATCH_MOST = 64
"""Events in one POST."""

_ONE = "application/cloudevents+json; charset=UTF-8"
_BATCH = "application/cloudevents-batch+json; charset=UTF-8"
_ANSWER_BYTES = 4096
_REFUSES = frozenset({400, 413, 415, 422})
_KEEP_OPEN_S = 75.0

ReadSubject = Callable[[str, str | None], Awaitable[Subject | None]]


class Answer(msgspec.Struct):
    """What of a receiver's answer means something to us; it may say anything else besides."""

    confirmed: bool = False
    """The station has taken it: a person, or its system for them."""
    reference: str | None = None
    """Its own number for it."""


class _AnswerOf(Answer):
    """The answer to one event of a batch."""

    id: str = ""


@dataclass(frozen=True)
class _Event:
    key: str
    payload: bytes


class _Refused(NotSent):
    """The receiver does not take the body as it is; what is wrong may be one event of many."""


class WebhookWay:
    """Tells the webhooks of `notify.toml`. An asynchronous context manager."""

    name = "webhook"
    near_household = False

    def __init__(
        self,
        webhooks: Mapping[str, Webhook],
        subject: ReadSubject,
        sender: Sender,
        clock: Clock,
        box: SealedBox,
    ) -> None:
        """`subject` reads what a message is about, at the moment it is sent."""
        self._box = box
        self._webhooks = webhooks
        self._subject = subject
        self._sender = sender
        self._clock = clock
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._gathered: dict[str, Gathering[_Event, Answer]] = {}

    async def __aenter__(self) -> Self:
        for webhook in self._webhooks.values():
            self._sessions[webhook.name] = _session(webhook)
            if webhook.batch:
                send_all = partial(self._post_all, webhook)
                self._gathered[webhook.name] = Gathering(send_all, most=BATCH_MOST)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for gathering in self._gathered.values():
            await gathering.aclose()
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()

    async def send(self, message: Message) -> Receipt:
        """POST it. Raises NotSent, with the receiver's reason, and StoreBusy."""
        webhook = self._webhooks.get(message.target)
        if webhook is None:
            raise NotSent(f"notify.toml has no webhook {message.target!r}")
        event, alarm = str(message.content["event"]), message.content.get("alarm")
        subject = await self._subject(message.incident_id, None if alarm is None else str(alarm))
        if subject is None:
            raise NotSent(f"there is no incident {message.incident_id}")
        use, into = message.content.get("use"), message.content.get("into")
        body = cloud_event(
            subject,
            self._sender,
            message_id=message.key,
            event=event,
            use=None if use is None else Use(str(use)),
            into=None if into is None else str(into),
        )
        sent = _Event(message.key, msgspec.json.encode(body))
        gathered = self._gathered.get(webhook.name)
        if gathered is None:
            answer = await self._post_one(webhook, sent)
        else:
            answer = await gathered.send(sent)
        if not answer.confirmed:
            return Receipt(Reached.DELIVERED)
        if answer.reference is None:
            return Receipt(Reached.ANSWERED)
        # the timeline keeps it for ever, and it may name anybody
        sealed = seal_for_site(self._box, answer.reference[:100])
        return Receipt(Reached.ANSWERED, {"reference": sealed})

    async def _post_one(self, webhook: Webhook, event: _Event) -> Answer:
        return _answer(await self._post(webhook, event.key, event.payload, _ONE, _ANSWER_BYTES))

    async def _post_all(
        self, webhook: Webhook, events: Sequence[_Event]
    ) -> Sequence[Answer | Exception]:
        if len(events) > 1:
            key = _batch_key(events)
            payload = b"[" + b",".join(event.payload for event in events) + b"]"
            try:
                said = await self._post(webhook, key, payload, _BATCH, _ANSWER_BYTES * len(events))
            except _Refused:
                # one event that it cannot take must not cost it the others
                pass
            else:
                answers = _answers(said)
                return [answers.get(event.key, Answer()) for event in events]
        alone = [self._post_one(webhook, event) for event in events]
        found = await asyncio.gather(*alone, return_exceptions=True)
        return [_unless_ending(one) for one in found]

    async def _post(
        self, webhook: Webhook, key: str, payload: bytes, content_type: str, answer_bytes: int
    ) -> bytes:
        at_s = unix_ms(self._clock.now()) // 1000
        headers = {
            "Content-Type": content_type,
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(webhook.secret, key, at_s, payload),
        }
        session = self._sessions[webhook.name]
        async with (
            _translated(),
            session.post(
                webhook.url, data=payload, headers=headers, allow_redirects=False
            ) as response,
        ):
            said = await response.content.read(answer_bytes)
            if not 200 <= response.status < 300:
                refused = response.status in _REFUSES
                raise (_Refused if refused else NotSent)(
                    f"HTTP {response.status} {response.reason or ''}".strip()
                )
        return said


@contextlib.asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """The client's errors as ours, at this one door."""
    try:
        yield
    except TimeoutError as error:
        raise NotSent("no answer in time") from error
    except aiohttp.ClientError as error:
        raise NotSent(str(error) or type(error).__name__) from error


def _session(webhook: Webhook) -> aiohttp.ClientSession:
    tls: ssl.SSLContext | bool = True
    if webhook.ca_file is not None:
        tls = ssl.create_default_context(cafile=str(webhook.ca_file))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS, keepalive_timeout=_KEEP_OPEN_S, ssl=tls, ttl_dns_cache=60
        ),
        timeout=aiohttp.ClientTimeout(total=webhook.timeout_s),
        headers={"User-Agent": "lianfang"},
        # nothing that one receiver sets may reach another request
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _answer(said: bytes) -> Answer:
    """A receiver may answer anything: what we do not understand confirms nothing."""
    try:
        return msgspec.json.decode(said, type=Answer)
    except msgspec.DecodeError:
        return Answer()


def _answers(said: bytes) -> dict[str, Answer]:
    """By the events' ids. An answer that names no event confirms none."""
    try:
        return {one.id: one for one in msgspec.json.decode(said, type=list[_AnswerOf])}
    except msgspec.DecodeError:
        return {}


def _batch_key(events: Sequence[_Event]) -> str:
    """The same for the same events."""
    keys = "|".join(event.key for event in events)
    return f"batch-{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def _unless_ending(found: Answer | BaseException) -> Answer | Exception:
    """What one of many tasks ended with; raises what is no Exception."""
    if isinstance(found, BaseException) and not isinstance(found, Exception):
        raise found
    return found
