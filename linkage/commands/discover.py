"""`lianfang discover`: which ONVIF devices are on the network?"""

import argparse
import asyncio
import ipaddress
import json
import sys

from camerad.ask_targets import addresses_in
from camerad.discovery import discover
from camerad.errors import BadTargets
from camerad.model import DiscoveredDevice
from linkage.commands.common import Subparsers
from linkage.errors import BadSettings

_LONGEST_S = 600.0


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "discover",
        help="寻找网络上的 ONVIF 设备 / find ONVIF devices on the network",
        description="在每个网络接口上发送 WS-Discovery 探测 / probe on every network interface.",
    )
    parser.add_argument(
        "--interface", metavar="ADDR", help="只用这个本机 IPv4 地址 / only from this IPv4 address"
    )
    parser.add_argument(
        "--ask",
        metavar="RANGE",
        action="append",
        default=[],
        help="另逐个询问的内网地址、范围或网段（可多次）/ private address, range or network to ask"
        " one by one as well (may be repeated)",
    )
    parser.add_argument("--timeout", type=float, default=3.0, metavar="S", help="秒 / seconds")
    parser.add_argument("--json", action="store_true", help="每行一个 JSON / one object a line")
    parser.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.timeout <= _LONGEST_S:
        raise BadSettings(
            f"--timeout 为 0 以上、{_LONGEST_S:.0f} 以下的秒数 / is above 0 and at most "
            f"{_LONGEST_S:.0f} seconds"
        )
    interfaces = None if arguments.interface is None else [_address(arguments.interface)]
    try:
        asked = addresses_in(arguments.ask)
    except BadTargets as error:
        raise BadSettings(f"--ask {error}") from error
    devices = asyncio.run(
        discover(timeout_s=arguments.timeout, interfaces=interfaces, unicast=asked)
    )
    for device in sorted(devices, key=lambda d: (d.address, d.endpoint_reference)):
        print(json.dumps(_facts(device), ensure_ascii=False) if arguments.json else _line(device))
    if not devices:
        print("没有设备应答 / no device answered", file=sys.stderr)
    return 0


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError as error:
        raise BadSettings(
            f"--interface {text!r} 不是 IPv4 地址 / is no IPv4 address such as 192.168.1.10"
        ) from error


def _facts(device: DiscoveredDevice) -> dict[str, object]:
    return {
        "endpoint_reference": device.endpoint_reference,
        "xaddrs": list(device.xaddrs),
        "address": device.address,
        "name": device.name,
        "hardware": device.hardware,
        "types": list(device.types),
        "scopes": list(device.scopes),
    }


def _line(device: DiscoveredDevice) -> str:
    return f"{device.address}  {device.name or '-'}  {device.hardware or '-'}  " + " ".join(
        (*device.xaddrs, device.endpoint_reference)
    )
