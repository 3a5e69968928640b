"""Carrying out what was decided: planned actions are taken from the store, carried, and marked.

Each lane goes at its own pace: a webhook that hangs holds up no other, and nobody waits for the
marking, which is done for all lanes together. Between carrying and marking we may crash; then the
action is carried again, and its id makes the repeat harmless. What a carrier does is its own
file's business (`linkage.carriers`, `linkage.ways`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter

import structlog

from alarms.errors import StoreBusy
from alarms.store import Database
from lianfang_timing import Backoff, Clock, came_within, unix_ms
from linkage.carrier_port import EXPECTED, Carrier, CarryResult
from linkage.changes import Changes
from linkage.lanes import LANES, Flight, Lane, lane_names
from linkage.marking import Done, mark
from linkage.model.action import Action, ActionKind
from linkage.records import Fresh, due_actions
from linkage.right_of_way import RightOfWay

LOOK_EVERY_S = 0.5

GATHER_S = 0.02
"""How long what is done waits for others: a lane full of notices is one commit, not sixty-four."""

AHEAD_S = 0.015
"""So long the processor is the first messages' alone: what was planned with them begins then."""

MARKED_AT_ONCE = 256

_MARK_AGAIN = Backoff(first_s=0.2, cap_s=2.0)

HANDED_MOST = 512
"""In one lane: what waits for room in memory. Beyond it the lane looks into the store."""

_FIRST = frozenset({ActionKind.WEBHOOK, ActionKind.SIREN, ActionKind.LOUDSPEAKER})
"""What goes out while a burst of alarms is still being linked."""

logger = structlog.get_logger()


class Outbox:
    """Carries out planned actions, each kind in a lane of its own, and each webhook.

    Only one may run at a time.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        carriers: Mapping[ActionKind, Carrier],
        changes: Changes,
        *,
        writer: str,
        lanes: Mapping[ActionKind, Lane] = LANES,
        webhooks: Collection[str] = (),
        right_of_way: RightOfWay | None = None,
        due_ms: Callable[[], int] | None = None,
    ) -> None:
        """A kind without a carrier stays planned, and so does a webhook that is not named.
        `writer` names our chain in the timeline; `due_ms` says what time it is for due times,
        where the clock may be set (`linkage.escalation.timekeeping`)."""
        self._database = database
        self._clock = clock
        self._carriers = carriers
        self._changes = changes
        self._writer = writer
        self._due_ms = due_ms or (lambda: unix_ms(clock.now()))
        self._lanes = lanes
        self._right_of_way = right_of_way or RightOfWay(clock)
        self._flights = [
            Flight(kind, lanes[kind], name)
            for kind in carriers
            for name in lane_names(kind, webhooks)
        ]
        self._carried: list[tuple[Flight, Done]] = []
        self._to_mark = asyncio.Event()
        self._later: set[asyncio.TimerHandle] = set()

    async def run(self) -> None:
        """Carry until cancelled; what is under way then is carried again at the next start."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_marking(), name="outbox-marking")
                group.create_task(self._wake_lanes(), name="outbox-waking")
                for flight in self._flights:
                    group.create_task(self._run_lane(flight), name=f"outbox-{flight.name}")
        finally:
            for later in self._later:
                later.cancel()

    async def run_once(self) -> int:
        """Carry everything that is due now, and what becomes due by it; how many that was.

        Raises StoreBusy.
        """
        total = 0
        while carried := sum([await self._empty_lane(flight) for flight in self._flights]):
            total += carried
        return total

    async def _empty_lane(self, flight: Flight) -> int:
        carried = 0
        while True:
            await self._start_due(flight)
            if flight.tasks:
                await asyncio.wait(flight.tasks)
            marked = await self._mark_carried()
            if not marked:
                return carried
            carried += marked

    async def _run_lane(self, flight: Flight) -> None:
        failures = 0
        try:
            while True:
                if flight.kind not in _FIRST:
                    await self._right_of_way.passed()
                flight.moved.clear()
                try:
                    await self._start_due(flight)
                except StoreBusy as error:
                    wait_s = flight.lane.retry.delay_s(failures)
                    failures += 1
                    logger.warning("outbox.store_busy", lane=flight.name, detail=str(error))
                    await asyncio.sleep(wait_s)
                    continue
                failures = 0
                await came_within(self._clock, LOOK_EVERY_S, flight.moved.wait())
        finally:
            for task in flight.tasks:
                task.cancel()
            await asyncio.gather(*flight.tasks, return_exceptions=True)

    async def _wake_lanes(self) -> None:
        """Every lane looks again when something is new."""
        position = self._changes.position
        while True:
            position = await self._changes.wait_planned_beyond(position)
            for flight in self._flights:
                flight.moved.set()

    def hand_over(self, planned: Sequence[Fresh]) -> None:
        """Take what the engine has just committed, in its order of turns, as far as there is room.

        A hint only: what is not taken is found in the store, where all of it stands.
        """
        first = [fresh for fresh in planned if fresh.planned.kind in _FIRST]
        rest = [fresh for fresh in planned if fresh.planned.kind not in _FIRST]
        self._hand(first)
        if not first or not rest:
            self._hand(rest)
            return
        # a look that is under way, or begins meanwhile, may find the same
        looked = {f.name: None if f.looks else f.looked for f in self._flights}
        in_hand = set().union(*(flight.in_hand for flight in self._flights))
        waits = [fresh for fresh in rest if fresh.planned.id not in in_hand]

        def hand_rest() -> None:
            self._later.discard(handle)
            self._hand(waits, looked)

        handle = asyncio.get_running_loop().call_later(AHEAD_S, hand_rest)
        self._later.add(handle)

    def _hand(
        self, planned: Sequence[Fresh], looked: Mapping[str, int | None] | None = None
    ) -> None:
        """`looked`: where it is not what the lane has looked by now, it is left to its looks."""
        by_lane: dict[str, list[Fresh]] = defaultdict(list)
        for fresh in sorted(planned, key=attrgetter("turn")):
            by_lane[fresh.planned.lane].append(fresh)
        for flight in self._flights:
            # a look may have found some of it since the commit; marked it cannot be yet: that
            # is written after the engine's own transaction, and told after it
            came = [one for one in by_lane[flight.name] if one.planned.id not in flight.in_hand]
            if came and looked is not None and looked[flight.name] != flight.looked:
                flight.more = True
                flight.moved.set()
            elif came:
                self._hand_to(flight, came)
                if flight.kind in _FIRST and flight.tasks and self._right_of_way.held:
                    self._right_of_way.take(flight.name)

    def _hand_to(self, flight: Flight, came: Sequence[Fresh]) -> None:
        room = flight.free - len(flight.handed)
        if flight.kind is ActionKind.WEBHOOK:
            # nothing takes back what a webhook is told: it may wait here
            room += HANDED_MOST
        elif self._right_of_way.held and flight.kind not in _FIRST:
            room = 0
        if flight.more or flight.looks:
            # older ones wait in the store
            room = 0
        for fresh in came[: max(0, room)]:
            flight.in_hand.add(fresh.planned.id)
            flight.handed.append(fresh.action)
        self._start_handed(flight)
        if room < len(came):
            flight.more = True
            flight.moved.set()

    def _start_handed(self, flight: Flight) -> None:
        while flight.handed and flight.free > 0:
            self._start(flight, flight.handed.popleft())

    async def _start_due(self, flight: Flight) -> None:
        free = flight.free
        if free <= 0 or flight.handed:
            flight.more = True
            return
        now_ms, in_hand = self._due_ms(), frozenset(flight.in_hand)
        flight.looks, flight.looked = True, flight.looked + 1
        try:
            due = await self._database.read(
                lambda conn: due_actions(
                    conn, flight.name, now_ms=now_ms, without=in_hand, limit=free
                )
            )
        finally:
            flight.looks = False
        flight.more = len(due) == free
        for action in due:
            flight.in_hand.add(action.id)
            self._start(flight, action)

    def _start(self, flight: Flight, action: Action) -> None:
        task = asyncio.create_task(self._take(flight, action), name=f"carry-{action.id}")
        flight.tasks.add(task)

    async def _take(self, flight: Flight, action: Action) -> None:
        done = await self._carry(action)
        if done.result is not None and done.result.planned:
            self._look_for(done.result.planned)
        if done.result is not None and flight.kind in _FIRST:
            self._right_of_way.goes_on()
        self._carried.append((flight, done))
        self._to_mark.set()
        task = asyncio.current_task()
        assert task is not None, "the lane runs it as a task"
        flight.tasks.discard(task)
        self._has_room(flight)

    def _look_for(self, kinds: Collection[ActionKind]) -> None:
        for flight in self._flights:
            if flight.kind in kinds:
                flight.more = True
                flight.moved.set()

    def _has_room(self, flight: Flight) -> None:
        """Begin what waits; look again only where the last look left something."""
        self._start_handed(flight)
        if not flight.tasks:
            self._right_of_way.give(flight.name)
        if flight.looks_again:
            flight.moved.set()

    async def _keep_marking(self) -> None:
        failures = 0
        while True:
            await self._to_mark.wait()
            # those that end with it share its commit
            await asyncio.sleep(GATHER_S)
            await self._right_of_way.passed()
            try:
                await self._mark_carried()
            except StoreBusy as error:
                # what was carried stays in hand and is marked when the store answers again
                wait_s = _MARK_AGAIN.delay_s(failures)
                failures += 1
                logger.warning("outbox.store_busy", lane="marking", detail=str(error))
                await asyncio.sleep(wait_s)
            else:
                failures = 0

    async def _mark_carried(self) -> int:
        """Mark what was carried, in one transaction; how many that was. Raises StoreBusy."""
        taken = self._carried[:MARKED_AT_ONCE]
        if not taken:
            self._to_mark.clear()
            return 0
        done, now_ms = [one for _, one in taken], unix_ms(self._clock.now())
        position = await self._database.write(
            lambda conn: mark(
                conn,
                done,
                lanes=self._lanes,
                due_now_ms=self._due_ms(),
                now_ms=now_ms,
                writer=self._writer,
            )
        )
        del self._carried[: len(taken)]
        if not self._carried:
            self._to_mark.clear()
        for flight, one in taken:
            flight.in_hand.discard(one.action.id)
            self._has_room(flight)
        self._changes.notify(position, planned=False)
        return len(taken)

    async def _carry(self, action: Action) -> Done:
        if action.deadline_ms is not None and self._due_ms() >= action.deadline_ms:
            return Done(action, CarryResult(expired=True), None)
        try:
            async with asyncio.timeout(self._lanes[action.kind].limit_s):
                return Done(action, await self._carriers[action.kind].carry(action), None)
        except EXPECTED as error:
            reason = str(error) or "no answer in time"
            logger.warning("outbox.not_carried", action=action.id, detail=reason)
            return Done(action, None, reason)
        except Exception as error:  # bulkhead: a notifier's bug costs its own action only
            logger.exception("outbox.carrier_broken", action=action.id, kind=action.kind.value)
            return Done(action, None, f"internal error: {type(error).__name__}")
