"""Presses while thousands of devices log in at once, as after a power cut.

    python -m benchmarks.login_rush [--devices N] [--broker mosquitto|embedded]

The floor is the same press before the rush, on the same connections, in the same run. Clients,
broker and service share this machine's cores.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from tests.scenarios.load import load_on, quantiles
from tests.scenarios.load_site import load_site
from tests.scenarios.login_rush import PRESSERS, rush

BUDGET_S = 1.0


async def measure(devices: int, broker: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with (
            load_site(Path(name), devices=devices + PRESSERS, broker=broker) as site,
            load_on(site, devices=devices, processes=2) as load,
        ):
            await site.start()
            seen = await rush(site, load, calm_presses=100)
            await site.stop()
    rows = [
        (f"{broker}: logins", f"{seen.logins} in {seen.took_s:.1f} s"),
        ("presses meanwhile, all received", f"{len(seen.meanwhile_s)}"),
        ("of these sent more than once", f"{seen.repeated}"),
    ]
    floor, rushed = quantiles(seen.before_s), quantiles(seen.meanwhile_s)
    for label, before_s, meanwhile_s in zip(("p50", "p99", "slowest"), floor, rushed, strict=True):
        told = f"{meanwhile_s * 1e3:.0f} ms, before {before_s * 1e3:.0f} ms"
        rows.append((f"press → received, {label}", f"{told} (×{meanwhile_s / before_s:.1f})"))
    rows.append((f"p99 within {BUDGET_S:.0f} s", "yes" if rushed[1] < BUDGET_S else "NO"))
    rows.append(("load average at the end", f"{os.getloadavg()[0]:.1f}"))
    for row in rows:
        print(f"{row[0]:44}{row[1]:>36}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=4000)
    parser.add_argument("--broker", choices=["mosquitto", "embedded"])
    given = parser.parse_args()
    os.environ.setdefault("LIANFANG_LOG", "warning")
    for broker in [given.broker] if given.broker else ["mosquitto", "embedded"]:
        asyncio.run(measure(given.devices, broker))


if __name__ == "__main__":
    main()
