"""Reading what a camera answers about its events: XML in, our words out. Pure.

By local names: makes differ in prefixes, and some in namespaces too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError, tostring

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from camerad.device_events.model import Notification, Operation

_AT_MOST: Final = 512
_TEXT: Final = 200
_OPERATIONS: Final = {one.value: one for one in Operation}


class NotEvents(ValueError):
    """The answer is not what was asked for."""


@dataclass(frozen=True)
class Reference:
    """Where a subscription is to be pulled, and what its calls must carry in their header."""

    address: str
    parameters: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A pull point was created."""

    reference: Reference
    lasts_s: float | None
    """None: it does not say, or nothing that makes sense."""


@dataclass(frozen=True)
class Pulled:
    """What was waiting."""

    notifications: tuple[Notification, ...]
    lasts_s: float | None


def fault_in(content: bytes) -> str | None:
    """Code and reason of a fault, in lower case; None where it is no fault. Raises NotEvents."""
    fault = _first(_root(content), "Fault")
    if fault is None:
        return None
    return " ".join(text.strip().lower() for text in fault.itertext() if text.strip())


def opened(content: bytes) -> Opened:
    """The answer to CreatePullPointSubscription. Raises NotEvents."""
    root = _root(content)
    reference = _first(root, "SubscriptionReference")
    address = None if reference is None else _first(reference, "Address")
    if reference is None or address is None or not (address.text or "").strip():
        raise NotEvents("no address to pull from")
    parameters = _first(reference, "ReferenceParameters")
    kept = () if parameters is None else tuple(tostring(one) for one in parameters)
    return Opened(Reference((address.text or "").strip(), kept), _lasts_s(root))


def pulled(content: bytes) -> Pulled:
    """The answer to PullMessages. Raises NotEvents."""
    root = _root(content)
    if _first(root, "PullMessagesResponse") is None:
        raise NotEvents("no PullMessagesResponse")
    messages = list(_all(root, "NotificationMessage"))[:_AT_MOST]
    found = (_notification(one) for one in messages)
    return Pulled(tuple(one for one in found if one is not None), _lasts_s(root))


def renewed(content: bytes) -> float | None:
    """How long it lasts now, from the answer to Renew, seconds. Raises NotEvents."""
    return _lasts_s(_root(content))


def _notification(message: Element) -> Notification | None:
    topic = _first(message, "Topic")
    if topic is None:
        return None
    # the field's Message stands inside the Message of the envelope
    inner = next((e for e in _all(message, "Message") if "UtcTime" in e.attrib), message)
    return Notification(
        topic=_path("".join(topic.itertext())),
        operation=_OPERATIONS.get(inner.get("PropertyOperation", "")),
        at=_moment(inner.get("UtcTime", "")),
        source=_items(_first(inner, "Source")),
        data=_items(_first(inner, "Data")),
    )


def _items(element: Element | None) -> dict[str, str]:
    if element is None:
        return {}
    simple = _all(element, "SimpleItem")
    return {e.get("Name", "")[:_TEXT]: e.get("Value", "")[:_TEXT] for e in simple}


def _path(topic: str) -> str:
    parts = (part.rpartition(":")[2] for part in topic.strip()[:_TEXT].split("/"))
    return "/".join(part for part in parts if part)


def _lasts_s(root: Element) -> float | None:
    """From the camera's time to the subscription's end, both by its own clock."""
    now, end = _moment(_text(root, "CurrentTime")), _moment(_text(root, "TerminationTime"))
    if now is None or end is None:
        return None
    lasts_s = (end - now).total_seconds()
    return lasts_s if lasts_s > 0 else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _root(content: bytes) -> Element:
    try:
        root: Element = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise NotEvents("not well-formed XML") from error
    return root


def _text(root: Element, name: str) -> str:
    found = _first(root, name)
    return "" if found is None else found.text or ""


def _first(element: Element, name: str) -> Element | None:
    return next(_all(element, name), None)


def _all(element: Element, name: str) -> Iterator[Element]:
    return (e for e in element.iter() if _local(e.tag) == name)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
