"""The first message of every incident goes before the second of any."""

from pathlib import Path

from sqlalchemy import insert

from lianfang_timing import Backoff
from linkage import records
from linkage.carrier_port import CarryResult
from linkage.changes import Changes
from linkage.lanes import Lane
from linkage.model.action import ActionKind, PlannedAction, action_id
from linkage.outbox import Outbox
from linkage.schema import incidents
from tests.linkage.town import HandClock, open_town

INCIDENTS, MESSAGES = 400, 12


class Noting:
    """A carrier that notes whose message it carried."""

    def __init__(self) -> None:
        self.carried: list[str] = []

    async def carry(self, action) -> CarryResult:
        self.carried.append(action.incident_id)
        return CarryResult()


def notices(incident: str, now_ms: int) -> list[PlannedAction]:
    return [
        PlannedAction(
            id=action_id(ActionKind.NOTICE, incident, number),
            kind=ActionKind.NOTICE,
            target=f"b{number}",
            due_at_ms=now_ms,
        )
        for number in range(MESSAGES)
    ]


def incident_row(number: int) -> dict[str, object]:
    return {
        "id": f"i{number}",
        "number": f"20261121-{number:04d}",
        "stage": "reported",
        "priority": 1,
        "kind": "panic",
        "silent": False,
        "drill": False,
        "plan": "default",
        "opened_at_ms": number,
        "cancel_claimed": False,
        "ring": 1,
        "version": 1,
        "changed_position": 0,
    }


async def test_of_400_incidents_all_first_messages_go_before_any_second(tmp_path: Path):
    database, clock, carrier = await open_town(tmp_path), HandClock(), Noting()
    now_ms = clock.ms

    def settle(conn) -> None:
        conn.execute(insert(incidents), [incident_row(n) for n in range(INCIDENTS)])
        for number in range(INCIDENTS):
            # each a little later than the one before, as a storm brings them
            due_ms = now_ms - INCIDENTS + number
            records.plan(conn, f"i{number}", notices(f"i{number}", due_ms), now_ms=now_ms)

    await database.write(settle)
    lanes = {ActionKind.NOTICE: Lane(64, 5.0, Backoff())}
    carriers = {ActionKind.NOTICE: carrier}
    await Outbox(database, clock, carriers, Changes(), writer="w", lanes=lanes).run_once()
    await database.close()
    assert len(carrier.carried) == INCIDENTS * MESSAGES
    for turn in range(MESSAGES):
        told = carrier.carried[turn * INCIDENTS : (turn + 1) * INCIDENTS]
        assert len(set(told)) == INCIDENTS, f"the {turn + 1}. messages"


async def test_what_a_later_ring_causes_is_no_first_message(tmp_path: Path):
    database, clock, carrier = await open_town(tmp_path), HandClock(), Noting()
    old, new = notices("i0", clock.ms - 1000)[:1], notices("i1", clock.ms)[:1]

    def settle(conn) -> None:
        conn.execute(insert(incidents), [incident_row(0), incident_row(1)])
        records.plan_rows(conn, records.planned_rows(old, "i0", clock.ms, ring=2))
        records.plan(conn, "i1", new, now_ms=clock.ms)

    await database.write(settle)
    carriers = {ActionKind.NOTICE: carrier}
    await Outbox(database, clock, carriers, Changes(), writer="w").run_once()
    await database.close()
    assert carrier.carried == ["i1", "i0"]
