"""`lianfang run` with a clock that is so many hours ahead. Run as a program: CONFIG HOURS."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

from lianfang_timing import SystemClock
from linkage.composition.ground import Doors
from linkage.logs import configure_logs
from linkage.main import serve
from linkage.settings import load_settings


class Ahead(SystemClock):
    def __init__(self, hours: float) -> None:
        self._ahead = timedelta(hours=hours)

    def now(self) -> datetime:
        return super().now() + self._ahead


def main() -> None:
    config, hours = sys.argv[1:]
    configure_logs("warning")
    asyncio.run(serve(load_settings(Path(config)), doors=Doors(clock=Ahead(float(hours)))))


if __name__ == "__main__":
    main()
