"""Telling devices what the ledgers want them told: group tests and reminders.

What is to go out lies in the store, so a restart forgets nothing. Behind a bulkhead: no press
waits for a test.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alarms.errors import BrokerAway, StoreBusy
from alarms.model import SeenNotice
from alarms.store import Database
from lianfang_timing import Backoff, Clock, came_within, unix_ms
from linkage.accounts.rights import Places
from linkage.ledgers import group_tests, reminders
from linkage.ledgers.group_tests import Unsent
from linkage.ledgers.reminders import NotReminded, Reminder
from linkage.ledgers.settings import LedgerSettings
from linkage.registry.history import Caller
from linkage.watching import Pace, keep_watching
from linkage.ways.devices import DevicePublisher

LOOK_EVERY_S = 5.0
REMIND_EVERY_S = 600.0
REMINDER_LASTS_MS = 3_600_000
_BY_ITSELF = "system"
_PACE = Pace(
    every_s=LOOK_EVERY_S,
    after_a_bug_s=60.0,
    retry=Backoff(first_s=LOOK_EVERY_S, cap_s=LOOK_EVERY_S, jitter=0.0),
)


@dataclass(frozen=True)
class Reminded:
    """What reminding came to."""

    told: tuple[str, ...]
    """Groups whose leader's device has it from the broker."""
    not_told: tuple[NotReminded, ...]


class LedgerKeeper:
    """One a site."""

    def __init__(
        self,
        database: Database,
        publisher: DevicePublisher,
        clock: Clock,
        *,
        settings: LedgerSettings,
        time_zone: ZoneInfo,
        prefix: str,
        writer: str,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._settings = settings
        self._time_zone = time_zone
        self._prefix = prefix
        self._writer = writer
        self._reminded_s: float | None = None
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Send what is due until cancelled."""
        await keep_watching(
            "ledgers", self.run_once, self._wait, _PACE, busy=(StoreBusy, BrokerAway)
        )

    async def _wait(self, seconds: float) -> None:
        await came_within(self._clock, seconds, self._woken.wait())
        self._woken.clear()

    def wake(self) -> None:
        """A group test was started."""
        self._woken.set()

    async def run_once(self) -> None:
        """Send group tests' notices, and now and then reminders. Raises StoreBusy, BrokerAway."""
        now_ms = unix_ms(self._clock.now())
        waiting = await self._database.read(lambda conn: group_tests.unsent(conn, now_ms=now_ms))
        if waiting:
            await self._send_tests(waiting)
        now_s = self._clock.monotonic()
        if self._reminded_s is None or now_s - self._reminded_s >= REMIND_EVERY_S:
            if self._settings.may_remind(self._clock.now().astimezone(self._time_zone)):
                await self._remind_by_itself(now_ms)
            self._reminded_s = now_s

    async def remind(
        self, caller: Caller, *, village_id: str | None, group_id: str | None
    ) -> Reminded:
        """Remind now, because somebody asked for it. Raises StoreBusy, BrokerAway."""
        found, not_told = await self._database.read(
            lambda conn: reminders.due(
                conn,
                caller.places,
                before_ms=self._before_ms(caller.at_ms),
                reminded_before_ms=None,
                village_id=village_id,
                group_id=group_id,
            )
        )
        await self._send_reminders(caller, found)
        return Reminded(tuple(one.group_id for one in found), tuple(not_told))

    async def seen(self, said: Sequence[SeenNotice]) -> None:
        """Devices' answers; those that are not to our notices are left alone. Raises StoreBusy."""
        ours = [one for one in said if group_tests.is_ours(one.notice_id)]
        if ours:
            now_ms = unix_ms(self._clock.now())
            await self._database.write(
                lambda conn: group_tests.keep_answers(conn, ours, now_ms=now_ms)
            )

    def _before_ms(self, now_ms: int) -> int:
        return now_ms - round(self._settings.test_every * 1000)

    async def _send_tests(self, waiting: Sequence[Unsent]) -> None:
        sent: list[Unsent] = []
        try:
            for one in waiting:
                await self._notice(
                    one.device, one.notice_id, group_tests.PHRASE, until_ms=one.until_ms
                )
                sent.append(one)
        finally:
            now_ms = unix_ms(self._clock.now())
            if sent:
                await self._database.write(
                    lambda conn: group_tests.note_sent(conn, sent, now_ms=now_ms)
                )

    async def _remind_by_itself(self, now_ms: int) -> None:
        found, _ = await self._database.read(
            lambda conn: reminders.due(
                conn,
                Places(None),
                before_ms=self._before_ms(now_ms),
                reminded_before_ms=now_ms - round(self._settings.remind_every * 1000),
            )
        )
        caller = Caller(_BY_ITSELF, "", Places(None), now_ms, self._writer)
        await self._send_reminders(caller, found)

    async def _send_reminders(self, caller: Caller, found: Sequence[Reminder]) -> None:
        told: list[Reminder] = []
        try:
            for one in found:
                for device in one.devices:
                    await self._notice(
                        device,
                        one.notice_id(caller.at_ms),
                        reminders.PHRASE,
                        until_ms=caller.at_ms + REMINDER_LASTS_MS,
                    )
                told.append(one)
        finally:
            if told:

                def work(conn: Connection) -> None:
                    reminders.note_reminded(conn, caller, told)

                await self._database.write(work)

    async def _notice(self, device: str, notice_id: str, phrase: str, *, until_ms: int) -> None:
        # marked as a practice: a device that does not know the phrase must not cry for help
        payload = {
            "v": 1,
            "id": notice_id,
            "state": "active",
            "phrase": phrase,
            "from": "",
            "drill": True,
            "until_ms": until_ms,
        }
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        topic = f"{self._prefix}/button/{device}/notice"
        await self._publisher.publish(topic, text.encode())
