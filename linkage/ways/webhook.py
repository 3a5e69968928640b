"""The webhook way: a signed CloudEvent by POST. The one door to the HTTP client.

A receiver is told again until it answers 2xx or the deadline passes; the id stays the same, so
that it can tell a repeat. Each webhook has connections of its own: one that hangs holds up none.
"""

import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from lianfang_timing import Clock, unix_ms
from linkage.ways.port import Message, NotSent, Reached, Receipt
from linkage.ways.settings import Use, Webhook
from linkage.ways.signing import signature
from linkage.ways.subject import Sender, Subject, cloud_event

CONNECTIONS = 64
"""To one receiver. Kept open: a first message does not wait for a handshake."""

_ANSWER_BYTES = 4096
_KEEP_OPEN_S = 75.0

ReadSubject = Callable[[str, str | None], Awaitable[Subject | None]]


class Answer(msgspec.Struct):
    """What of a receiver's answer means something to us; it may say anything else besides."""

    confirmed: bool = False
    """The station has taken it: a person, or its system for them."""
    reference: str | None = None
    """Its own number for it."""


class WebhookWay:
    """Tells the webhooks of `notify.toml`. An asynchronous context manager."""

    name = "webhook"
    near_household = False

    def __init__(
        self, webhooks: Mapping[str, Webhook], subject: ReadSubject, sender: Sender, clock: Clock
    ) -> None:
        """`subject` reads what a message is about, at the moment it is sent."""
        self._webhooks = webhooks
        self._subject = subject
        self._sender = sender
        self._clock = clock
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        for webhook in self._webhooks.values():
            self._sessions[webhook.name] = _session(webhook)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
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
        payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await self._post(webhook, message.key, payload)
        if not answer.confirmed:
            return Receipt(Reached.DELIVERED)
        said = {} if answer.reference is None else {"reference": answer.reference[:100]}
        return Receipt(Reached.ANSWERED, said)

    async def _post(self, webhook: Webhook, key: str, payload: bytes) -> Answer:
        at_s = unix_ms(self._clock.now()) // 1000
        headers = {
            "Content-Type": "application/cloudevents+json; charset=UTF-8",
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
            said = await response.content.read(_ANSWER_BYTES)
            if not 200 <= response.status < 300:
                raise NotSent(f"HTTP {response.status} {response.reason or ''}".strip())
        return _answer(said)


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
