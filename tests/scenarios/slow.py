"""`lianfang run` on a database that takes so long before each commit. Run as: CONFIG SECONDS."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from alarms.store import Database
from linkage.composition.ground import Doors
from linkage.logs import configure_logs
from linkage.main import serve
from linkage.settings import load_settings

T = TypeVar("T")


def slow_database(seconds: float) -> type[Database]:
    class SlowDatabase(Database):
        def write_now(self, work: Callable[[Connection], T]) -> T:
            def slowly(conn: Connection) -> T:
                result = work(conn)
                time.sleep(seconds)
                return result

            return super().write_now(slowly)

    return SlowDatabase


def main() -> None:
    config, seconds = sys.argv[1:]
    configure_logs("warning")
    doors = Doors(database=slow_database(float(seconds)))
    asyncio.run(serve(load_settings(Path(config)), doors=doors))


if __name__ == "__main__":
    main()
