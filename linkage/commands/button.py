"""`lianfang button press`: a signed press, repeated until answered, as a real button does it."""

import argparse
import asyncio
import contextlib
import math
import sys

from tqdm import tqdm

from alarms.button import Face, Outcome
from alarms.devices import DeviceRegistry
from alarms.errors import BrokerAway
from alarms.model import PRESS_KINDS, DeviceRecord
from alarms.mqtt import BrokerAddress
from alarms.simulator import SimulatedButton
from linkage.commands.common import Subparsers, add_config, open_site
from linkage.errors import BadSettings
from linkage.storage import broker_address

_DELIVERED = frozenset({"received", "duplicate"})
_CONNECT_S = 10.0
_LAST_REPEATS_S = 60.0


def add(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("button", help="按钮 / buttons")
    nested = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    press = nested.add_parser(
        "press",
        help="按一次按钮 / press a button",
        description="用该设备的密钥签名并发送，直到收到答复；未送达返回 1 / "
        "signed with the device's key and repeated until answered; exit 1 when one was not.",
    )
    add_config(press)
    press.add_argument("--device", required=True, metavar="ID")
    press.add_argument("--kind", default="panic", choices=sorted(k.value for k in PRESS_KINDS))
    press.add_argument("--silent", action="store_true", help="静默 / a silent alarm")
    press.add_argument("--count", type=int, default=1, metavar="N", help="按几次 / how many")
    press.add_argument(
        "--rate", type=float, default=1.0, metavar="R", help="每秒几次 / presses a second"
    )
    press.set_defaults(function=main)


def main(arguments: argparse.Namespace) -> int:
    if arguments.count < 1 or not 0 < arguments.rate < math.inf:
        raise BadSettings("--count is at least 1 and --rate above 0")
    with open_site(arguments.config) as site:
        registry = DeviceRegistry(site.database, site.box)
        device = site.database.read_now(lambda conn: registry.get_in(conn, arguments.device))
        address = broker_address(site.settings)
        prefix = site.settings.file.mqtt.prefix
    if device.key is None:
        raise BadSettings(
            f"device {device.id} is registered as unsigned: it has no key to press with"
        )
    outcomes = asyncio.run(_press_all(arguments, device, device.key, address, prefix))
    for outcome in outcomes:
        facts = outcome.alarm or outcome.reason or "、".join(Face.UNDELIVERED.label)
        print(
            f"{outcome.state}  seq={outcome.seq}  {facts}  "
            f"{outcome.waited_s * 1000:.0f} ms  sendings={outcome.sendings}"
        )
    return 0 if all(outcome.state in _DELIVERED for outcome in outcomes) else 1


async def _press_all(
    arguments: argparse.Namespace,
    device: DeviceRecord,
    key: bytes,
    address: BrokerAddress,
    prefix: str,
) -> list[Outcome]:
    """Press `count` times, `rate` a second, each with its own repeats."""
    button = SimulatedButton(
        device=device.id,
        login=address.username or device.id,
        password=address.password or "",
        key=key,
        host=address.host,
        port=address.port,
        prefix=prefix,
        ca_file=address.ca_file,
        second_sender=True,
    )
    async with button:
        try:
            await button.wait_connected(_CONNECT_S)
        except TimeoutError as error:
            raise BrokerAway(
                f"no broker answers at {address.host}:{address.port}: is `lianfang run` (or the "
                f"outside broker) up? {' / '.join(Face.UNDELIVERED.label)}"
            ) from error
        loop, begun = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        pressing, warnings = [], []
        with tqdm(
            total=arguments.count, unit="次", disable=None, leave=False, file=sys.stderr
        ) as bar:
            try:
                for number in range(arguments.count):
                    await asyncio.sleep(max(0.0, begun + number / arguments.rate - loop.time()))
                    press = button.press(
                        arguments.kind, silent=arguments.silent, timeout_s=_LAST_REPEATS_S
                    )
                    task = asyncio.create_task(press)
                    task.add_done_callback(lambda _: bar.update())
                    pressing.append(task)
                    warnings.append(asyncio.create_task(_warn(button, seq=number + 1)))
                return list(await asyncio.gather(*pressing))
            finally:
                for warning in warnings:
                    warning.cancel()


async def _warn(button: SimulatedButton, *, seq: int) -> None:
    """Say it as soon as the button shows it; the press goes on being repeated."""
    with contextlib.suppress(TimeoutError):
        await button.wait_for("undelivered", _LAST_REPEATS_S, seq=seq)
        tqdm.write(f"seq={seq}  {' / '.join(Face.UNDELIVERED.label)}", file=sys.stderr)
