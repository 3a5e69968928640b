"""Which webhooks are told of an incident, and after which of them the station's word is awaited."""

from alarms.model import AlarmKind
from linkage.model.action import ActionKind, PlannedAction
from linkage.ways.planning import told_webhooks
from linkage.ways.settings import Use, Ways, Webhook


def webhook(name: str, *uses: Use) -> Webhook:
    return Webhook(name, f"https://{name}.example/", b"k" * 32, frozenset(uses))


BOTH = Ways({"station": webhook("station", Use.STATION), "city": webhook("city", Use.INCIDENTS)})


def planned(kind: AlarmKind, *, drill: bool = False) -> list[PlannedAction]:
    return told_webhooks(
        BOTH, cause="a1", event="opened", kind=kind, village_id="v", now_ms=7, drill=drill
    )


def test_each_webhook_is_told_and_only_the_station_is_asked_after():
    found = [(one.kind, one.target) for one in planned(AlarmKind.PANIC)]
    assert found == [
        (ActionKind.WEBHOOK, "station"),
        (ActionKind.STATION, "station"),
        (ActionKind.WEBHOOK, "city"),
    ]


def test_nobody_is_asked_after_in_a_drill_nor_where_no_life_hangs_on_it():
    drilled = planned(AlarmKind.PANIC, drill=True)
    assert [one.kind for one in drilled] == [ActionKind.WEBHOOK, ActionKind.WEBHOOK]
    assert all(one.payload["drill"] for one in drilled)
    assert [one.target for one in planned(AlarmKind.LOITERING)] == ["city"]
