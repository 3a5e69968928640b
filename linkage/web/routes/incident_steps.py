"""The steps of an incident over HTTP: one route each, with a strict body.

Which step is possible is the desk's to say; what each needs of rights is in `linkage.steps.moves`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from lianfang_timing import unix_ms
from linkage.audit import AuditAction
from linkage.errors import NoSuchIncident, StaleVersion, StepNotAllowed
from linkage.model.incident import Outcome, Stage
from linkage.steps.checks import Ask
from linkage.steps.moves import MOVES, Step
from linkage.web import incident_detail_views
from linkage.web.answering import answer
from linkage.web.guard import PORTS, caller_of
from linkage.web.incident_rows import read_by_number, read_row
from linkage.web.problems import Problem, not_found
from linkage.web.reading import body_of, version_of
from linkage.web.routes.incidents import look
from linkage.web.routing import Handler, Parameter, Route

_Text = Annotated[str, Meta(max_length=2000)]
_Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
_Name = Annotated[str, Meta(max_length=200)]
_Id = Annotated[str, Meta(min_length=1, max_length=36)]


class StepBody(Struct, forbid_unknown_fields=True):
    note: _Text | None = None


class DispatchBody(Struct, forbid_unknown_fields=True):
    note: _Text | None = None
    to: _Name | None = None
    """A user name, or words for people without an account."""


class CloseBody(Struct, forbid_unknown_fields=True):
    outcome: Outcome
    note: _Text | None = None


class NoteBody(Struct, forbid_unknown_fields=True):
    note: Annotated[str, Meta(min_length=1, max_length=2000)]


class ReturnBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    to: _Name | None = None


class ReassignBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    to: Annotated[str, Meta(min_length=1, max_length=200)]
    sign_for: bool = False
    """Hand over the sign-for to the account `to`, not the errand."""


class SuspendBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    until: Annotated[datetime, Meta(tz=True)]


class MergeBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    into: _Id
    """The id or the number of the incident that survives."""


class SplitBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    alarms: Annotated[list[_Id], Meta(min_length=1, max_length=500)]


class ReopenBody(Struct, forbid_unknown_fields=True):
    reason: _Reason
    stage: Literal["reported", "verified", "dispatched", "responded"] | None = None


Body = TypeVar("Body", bound=Struct)
Understood = Callable[[web.Request, Any], Awaitable[dict[str, Any]]]
"""What a body says, as `Ask` takes it. Raises Problem 422."""


async def _as_said(request: web.Request, body: Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(body)


async def _suspending(request: web.Request, body: SuspendBody) -> dict[str, Any]:
    return {"reason": body.reason, "until_ms": unix_ms(body.until)}


async def _merging(request: web.Request, body: MergeBody) -> dict[str, Any]:
    places = caller_of(request).principal.places
    found = await request.app[PORTS].database.read(
        lambda conn: read_row(conn, body.into, places) or read_by_number(conn, body.into, places)
    )
    if found is None:
        raise Problem(422, "没有这个警情 / into: there is no such incident that you may see.")
    return {"reason": body.reason, "into": found.id}


async def _splitting(request: web.Request, body: SplitBody) -> dict[str, Any]:
    return {"reason": body.reason, "alarms": tuple(body.alarms)}


async def _reopening(request: web.Request, body: ReopenBody) -> dict[str, Any]:
    return {"reason": body.reason, "stage": None if body.stage is None else Stage(body.stage)}


async def _take(request: web.Request, step: Step, said: dict[str, Any]) -> web.Response:
    ports, caller = request.app[PORTS], caller_of(request)
    incident_id = request.match_info["id"]
    version = version_of(request)
    # before the step, so that no change can lack its entry; whether it came about says the timeline
    await ports.audit.record(
        caller.entry(
            AuditAction.CHANGE, f"incident:{incident_id}", {"step": step.value, "version": version}
        )
    )
    try:
        await ports.desk.take(incident_id, Ask(step, caller.actor, version, **said))
    except StaleVersion as stale:
        current = msgspec.to_builtins(await look(ports, caller, incident_id))
        raise Problem(412, f"{stale}.", more={"incident": current}) from stale
    except StepNotAllowed as refused:
        raise Problem(409, str(refused)) from refused
    except NoSuchIncident as gone:
        raise not_found() from gone
    return answer(await look(ports, caller, incident_id))


_IF_MATCH = Parameter(
    "If-Match",
    "header",
    True,
    {"type": "string", "pattern": r'^([0-9]{1,15}|"[0-9]{1,15}")$'},
    "the version of the incident that was seen",
)


def _handler(step: Step, shape: type[Body], understood: Understood) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        version_of(request)  # without one nothing else is looked at
        body = await body_of(request, shape)
        await _must_be_there(request)
        return await _take(request, step, await understood(request, body))

    return handle


async def _must_be_there(request: web.Request) -> None:
    """Raises Problem 404 where the caller may see no such incident."""
    incident_id, places = request.match_info["id"], caller_of(request).principal.places
    database = request.app[PORTS].database
    if await database.read(lambda conn: read_row(conn, incident_id, places)) is None:
        raise not_found()


def _route(step: Step, shape: type[Body], understood: Understood = _as_said) -> Route:
    return Route(
        "POST",
        f"/api/v1/incidents/{{id}}/{step.value}",
        _handler(step, shape, understood),
        MOVES[step].needs,
        f"{MOVES[step].label}: take the step “{step.value}” of an incident",
        body=shape,
        parameters=(_IF_MATCH,),
        answers={200: incident_detail_views.IncidentDetail},
    )


ROUTES = (
    _route(Step.ACKNOWLEDGE, StepBody),
    _route(Step.VERIFY, StepBody),
    _route(Step.DISPATCH, DispatchBody),
    _route(Step.SET_OUT, StepBody),
    _route(Step.ARRIVE, StepBody),
    _route(Step.RESPOND, StepBody),
    _route(Step.CLOSE, CloseBody),
    _route(Step.REVIEW, StepBody),
    _route(Step.RETURN, ReturnBody),
    _route(Step.REASSIGN, ReassignBody),
    _route(Step.SUSPEND, SuspendBody, _suspending),
    _route(Step.RESUME, StepBody),
    _route(Step.SUPERVISE, StepBody),
    _route(Step.MERGE, MergeBody, _merging),
    _route(Step.SPLIT, SplitBody, _splitting),
    _route(Step.REOPEN, ReopenBody, _reopening),
    _route(Step.MAKE_REAL, StepBody),
    _route(Step.NOTE, NoteBody),
)
