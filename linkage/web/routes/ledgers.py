"""The ledgers over HTTP: button tests, who has not tested and the reminders, tests of a group."""

from aiohttp import web
from msgspec import Struct
from sqlalchemy import Connection

from alarms.errors import BrokerAway
from linkage.accounts.rights import Permission
from linkage.ledgers import device_tests, group_tests
from linkage.registry.places import must_cover, village_of_group
from linkage.web import ledger_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS
from linkage.web.ledger_asking import PERIOD, asked_of, group_tests_in, untested
from linkage.web.problems import Problem
from linkage.web.reading import body_of
from linkage.web.registry_calling import read, registry_caller, write
from linkage.web.routing import Parameter, Route

_SHOWN = 500


class RemindBody(Struct, forbid_unknown_fields=True):
    village: str | None = None
    group: str | None = None


class GroupTestBody(Struct, forbid_unknown_fields=True):
    group: str
    minutes: int = 10


async def list_device_tests(request: web.Request) -> web.Response:
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    found = await read(
        request,
        lambda conn: device_tests.list_tests(
            conn,
            asked.places,
            from_ms=asked.from_ms,
            to_ms=asked.to_ms,
            village_id=asked.village,
            limit=_SHOWN + 1,
        ),
    )
    items = [ledger_views.device_test(line, zone) for line in found[:_SHOWN]]
    return answer(ledger_views.DeviceTests(items=items, more=len(found) > _SHOWN))


async def list_untested(request: web.Request) -> web.Response:
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    found = await read(request, lambda conn: untested(conn, asked))
    items = [ledger_views.untested(group, zone) for group in found]
    return answer(ledger_views.UntestedList(test_every_s=asked.test_every_s, items=items))


async def remind(request: web.Request) -> web.Response:
    body, caller = await body_of(request, RemindBody), registry_caller(request)
    if (body.village is None) == (body.group is None):
        raise Problem(422, "请给出 village 或 group 之一 / give one of village and group.")
    keeper = request.app[PORTS].ledgers

    def must_be_ours(conn: Connection) -> None:
        village = body.village if body.group is None else village_of_group(conn, body.group)
        must_cover(caller.places, village)

    await read(request, must_be_ours)
    try:
        done = await keeper.remind(caller, village_id=body.village, group_id=body.group)
    except BrokerAway as error:
        raise Problem(
            503, f"消息代理未连接，未提醒完 / the broker is away, not all were told: {error}."
        ) from error
    return answer(ledger_views.reminded(done))


async def start_group_test(request: web.Request) -> web.Response:
    body, caller = await body_of(request, GroupTestBody), registry_caller(request)
    zone = request.app[PORTS].site.zone

    def work(conn: Connection) -> ledger_views.GroupTestView:
        test_id = group_tests.start(conn, caller, body.group, minutes=body.minutes)
        test = group_tests.one_test(conn, caller.places, test_id)
        return ledger_views.group_test(test, zone, now_ms=caller.at_ms)

    made = await write(request, work)
    request.app[PORTS].ledgers.wake()
    return answer(made, 201)


async def list_group_tests(request: web.Request) -> web.Response:
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    found = await read(request, lambda conn: group_tests_in(conn, asked))
    return answer(
        ledger_views.GroupTestList(
            items=[ledger_views.group_test(one, zone, now_ms=asked.now_ms) for one in found]
        )
    )


async def one_group_test(request: web.Request) -> web.Response:
    asked, zone = asked_of(request), request.app[PORTS].site.zone
    test_id = request.match_info["id"]
    found = await read(request, lambda conn: group_tests.one_test(conn, asked.places, test_id))
    return answer(ledger_views.group_test(found, zone, now_ms=asked.now_ms))


_P = Permission


ROUTES = (
    Route(
        "GET",
        "/api/v1/ledgers/device-tests",
        list_device_tests,
        _P.LEDGER_READ,
        "Test presses, newest first",
        parameters=PERIOD,
        answers={200: ledger_views.DeviceTests},
    ),
    Route(
        "GET",
        "/api/v1/ledgers/untested",
        list_untested,
        _P.LEDGER_READ,
        "Groups with buttons that were not tested in time",
        parameters=(Parameter("village", "query"),),
        answers={200: ledger_views.UntestedList},
    ),
    Route(
        "POST",
        "/api/v1/ledgers/untested/remind",
        remind,
        _P.TEST_RUN,
        "Tell the leaders of groups, by their devices, that some have not tested",
        body=RemindBody,
        answers={200: ledger_views.RemindedView},
    ),
    Route(
        "POST",
        "/api/v1/group-tests",
        start_group_test,
        _P.TEST_RUN,
        "Tell a group's devices something harmless and count who answers",
        body=GroupTestBody,
        answers={201: ledger_views.GroupTestView},
    ),
    Route(
        "GET",
        "/api/v1/group-tests",
        list_group_tests,
        _P.LEDGER_READ,
        "Group notification tests, newest first",
        parameters=PERIOD,
        answers={200: ledger_views.GroupTestList},
    ),
    Route(
        "GET",
        "/api/v1/group-tests/{id}",
        one_group_test,
        _P.LEDGER_READ,
        "One group notification test",
        answers={200: ledger_views.GroupTestView},
    ),
)
