"""The addresses a site lists for being asked one by one: which are allowed, and how many. Pure.

Asking many addresses is a scan of somebody's network. So only private addresses are taken, and no
more than a town's cameras can need; whether any are asked at all is the site's settings' matter.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Final

from camerad.errors import BadTargets

TARGET_LIMIT: Final = 4096
"""Addresses in all, a /20: more is a mistake in a prefix, not a town."""
_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
)
_FORMS = "192.168.10.20, 192.168.10.20-192.168.10.60, 192.168.10.0/24"


def is_private(address: str) -> bool:
    """Whether this is an IPv4 address of a private network (loopback and link-local included)."""
    try:
        found = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return any(found in net for net in _PRIVATE)


def addresses_in(listed: Sequence[str]) -> list[str]:
    """Every IPv4 address of the list, each once, in its order.

    An entry is one address, a range `first-last` or a network `address/prefix` (its first and last
    address are left out, being no hosts, where there are more than two). Raises BadTargets.
    """
    found: dict[str, None] = {}
    for entry in listed:
        first, last = _bounds(entry)
        if not _inside_one(first, last):
            raise BadTargets(
                f"{entry!r} 不是内网地址：只询问内网（10.*、172.16–31.*、192.168.*）"
                f" / {entry!r} is not private: only private addresses are asked"
            )
        if int(last) - int(first) >= TARGET_LIMIT or len(found) > TARGET_LIMIT:
            raise _too_many(entry)
        found.update((str(address), None) for address in _between(first, last))
    if len(found) > TARGET_LIMIT:
        raise _too_many(listed[-1])
    return list(found)


def _bounds(entry: str) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    try:
        if "/" in entry:
            net = ipaddress.IPv4Network(entry.strip(), strict=False)
            edge = 1 if net.num_addresses > 2 else 0
            return net.network_address + edge, net.broadcast_address - edge
        head, dash, tail = entry.partition("-")
        first = ipaddress.IPv4Address(head.strip())
        last = ipaddress.IPv4Address(tail.strip()) if dash else first
    except ValueError as wrong:
        raise BadTargets(
            f"{entry!r} 写法不对，应如 {_FORMS} / {entry!r} is none of the forms {_FORMS}"
        ) from wrong
    if last < first:
        raise BadTargets(f"{entry!r} 起止颠倒 / {entry!r} ends before it begins")
    return first, last


def _inside_one(first: ipaddress.IPv4Address, last: ipaddress.IPv4Address) -> bool:
    return any(first in net and last in net for net in _PRIVATE)


def _between(
    first: ipaddress.IPv4Address, last: ipaddress.IPv4Address
) -> Iterator[ipaddress.IPv4Address]:
    return (first + n for n in range(int(last) - int(first) + 1))


def _too_many(entry: str) -> BadTargets:
    return BadTargets(
        f"{entry!r} 使要询问的地址超过 {TARGET_LIMIT} 个（一个 /20），请写小一些 / "
        f"{entry!r} makes more than {TARGET_LIMIT} addresses (a /20) to ask: write a smaller range"
    )
