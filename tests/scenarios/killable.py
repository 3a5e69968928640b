"""`lianfang run`, but it kills itself (SIGKILL) at a named point the n-th time it comes there.

The product has no such switch; its composition root takes other makers (`linkage.main.Doors`), and
these are ours.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select

from alarms.mqtt import Inbound, MqttLink
from alarms.store import Database
from alarms.store.tables import alarms
from linkage.carrier_port import Carrier, CarryResult
from linkage.composition.ground import Doors
from linkage.logs import configure_logs
from linkage.main import serve
from linkage.model.action import Action, ActionKind
from linkage.settings import load_settings

T = TypeVar("T")

POINTS = ("before-commit", "commit-puback", "puback-reply", "decision-sending")


class Countdown:
    """Dies when it has been told so often that the point was reached."""

    def __init__(self, point: str, left: int) -> None:
        self.point = point
        self._left = left

    def reached(self, point: str) -> None:
        if point != self.point:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def doors(countdown: Countdown) -> Doors:  # noqa: C901 - four small classes in one place
    class DyingDatabase(Database):
        """Dies with presses written and not committed."""

        def write_now(self, work: Callable[[Connection], T]) -> T:
            def doomed(conn: Connection) -> T:
                before = conn.scalar(select(func.max(alarms.c.position)))
                result = work(conn)
                if conn.scalar(select(func.max(alarms.c.position))) != before:
                    countdown.reached("before-commit")
                return result

            return super().write_now(doomed)

    class DyingLink(MqttLink):
        """Dies between commit and PUBACK, or between PUBACK and reply."""

        def ack(self, message: Inbound) -> bool:
            if message.topic.endswith("/press"):
                countdown.reached("commit-puback")
            return super().ack(message)

        def post(self, topic: str, payload: bytes) -> None:
            if countdown.point == "puback-reply":
                self._let_the_puback_out()
                countdown.reached("puback-reply")
            super().post(topic, payload)

        def _let_the_puback_out(self) -> None:
            until = time.monotonic() + 1
            self._client.send_now()
            while self._client.want_write() and time.monotonic() < until:
                time.sleep(0.001)  # the broker reads; there is nothing to await
                self._client.send_now()

    class DyingCarrier:
        """Dies with the decision committed and nothing sent."""

        def __init__(self, carrier: Carrier) -> None:
            self._carrier = carrier

        async def carry(self, action: Action) -> CarryResult:
            countdown.reached("decision-sending")
            return await self._carrier.carry(action)

    def dying(kind: ActionKind, carrier: Carrier) -> Carrier:
        return DyingCarrier(carrier) if kind is ActionKind.NOTICE else carrier

    return Doors(database=DyingDatabase, link=DyingLink, carrier=dying)


def run(config: Path, countdown: Countdown) -> int:
    """Serve until it dies or is stopped; the exit status."""
    configure_logs("warning")
    asyncio.run(serve(load_settings(config), doors=doors(countdown)))
    return 0
