"""Who may do what, and where: the whole table of rights in one place.

Pure: no database, no web. Whoever adds a thing that can be done adds its permission here and
gives it to roles on purpose; what is given to nobody is denied to everybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from linkage.model.person import Role

__all__ = [
    "EVERYWHERE",
    "WEIGHTY",
    "Permission",
    "Places",
    "Principal",
    "Role",
    "has_weight",
    "permissions_of",
]

EVERYWHERE = "*"


class Permission(StrEnum):
    """One thing that can be done."""

    INCIDENT_READ = "incident.read"
    INCIDENT_ACKNOWLEDGE = "incident.acknowledge"
    INCIDENT_VERIFY = "incident.verify"
    INCIDENT_DISPATCH = "incident.dispatch"
    INCIDENT_RESPOND = "incident.respond"
    INCIDENT_CLOSE = "incident.close"
    INCIDENT_REVIEW = "incident.review"
    INCIDENT_NOTE = "incident.note"
    INCIDENT_RETURN = "incident.return"
    INCIDENT_REASSIGN = "incident.reassign"
    INCIDENT_SUSPEND = "incident.suspend"
    """Suspend, and resume."""
    INCIDENT_SUPERVISE = "incident.supervise"
    INCIDENT_MERGE = "incident.merge"
    INCIDENT_SPLIT = "incident.split"
    INCIDENT_REOPEN = "incident.reopen"
    HOUSEHOLD_CONTACT = "household.contact"
    """See name, telephone and address of a household while its incident is open."""
    ALARM_READ = "alarm.read"
    CAMERA_READ = "camera.read"
    CAMERA_LOOK = "camera.look"
    CAMERA_DIRECT = "camera.direct"
    """Turn a camera, or have its siren sound, for an incident."""
    CAMERA_ADOPT = "camera.adopt"
    """Take cameras into service, with one look at each whose password one has."""
    CAMERA_ZONES = "camera.zones"
    """Draw what is watched and what is hidden, and try it on what moved."""
    EVIDENCE_LOOK = "evidence.look"
    EVIDENCE_HOLD = "evidence.hold"
    """Keep it beyond its time, and release it."""
    EVIDENCE_EXPORT = "evidence.export"
    EVIDENCE_APPROVE = "evidence.approve"
    EVIDENCE_REGISTER = "evidence.register"
    """Allow somebody else's export."""
    REPORT_CREATE = "report.create"
    PRESENCE = "presence"
    """Count as somebody at the console."""
    SYSTEM_READ = "system.read"
    METRICS_READ = "metrics.read"
    AUDIT_READ = "audit.read"
    RESPONSE_PLAN_EDIT = "response_plan.edit"
    DUTY_READ = "duty.read"
    DUTY_EDIT = "duty.edit"
    """Posts, rota, absences, patrol teams, village officers."""
    HANDOVER = "handover"
    """Hand the shift over, or take it."""
    HANDOVER_READ = "handover.read"
    STATION_CONFIRM = "station.confirm"
    STATION_TELEPHONE = "station.telephone"
    """Note that the station was telephoned."""
    SIREN_SILENCE = "siren.silence"
    QUIET_EDIT = "quiet.edit"
    """Silences and maintenance windows."""
    DRILL_EDIT = "drill.edit"
    DRILL_END = "drill.end"
    REGISTRY_READ = "registry.read"
    """Places, groups, households (masked), devices, coverage."""
    REGISTRY_EDIT = "registry.edit"
    REGISTRY_UNMASK = "registry.unmask"
    """See personal data of the registry in the clear, for a reason that is written down."""
    REGISTRY_IMPORT = "registry.import"
    REGISTRY_EXPORT = "registry.export"
    """Sheets, and everything that is kept of one household: in the clear."""
    HOUSEHOLD_ERASE = "household.erase"
    DEVICE_ENROL = "device.enrol"
    """Issue, rotate and revoke what a device identifies itself with."""
    MAINTENANCE_READ = "maintenance.read"
    MAINTENANCE_EDIT = "maintenance.edit"
    TEST_RUN = "test.run"
    """Remind of tests, and run tests of a group's notices."""
    LEDGER_READ = "ledger.read"
    APPRAISAL_READ = "appraisal.read"
    VISIT_NOTE = "visit.note"
    """Note that a household was visited (回访)."""
    CONFIGURE = "configure"
    POLICY_READ = "policy.read"
    """The rules and escalation plans of the settings files, as they are in force."""
    HEALTH_READ = "health.read"
    """How every part of the system is, with figures."""
    ACCOUNT_READ = "account.read"
    """The accounts of people, and where they are signed in."""
    ACCOUNT_MANAGE = "account.manage"
    """Make, change, disable accounts; end other people's sessions; reset their second factor."""


_P = Permission

_ON_DUTY = frozenset(
    {
        _P.INCIDENT_READ,
        _P.INCIDENT_ACKNOWLEDGE,
        _P.INCIDENT_VERIFY,
        _P.INCIDENT_DISPATCH,
        _P.INCIDENT_RESPOND,
        _P.INCIDENT_CLOSE,
        _P.INCIDENT_NOTE,
        _P.INCIDENT_RETURN,
        _P.INCIDENT_REASSIGN,
        _P.INCIDENT_SUSPEND,
        _P.INCIDENT_MERGE,
        _P.INCIDENT_SPLIT,
        _P.INCIDENT_REOPEN,
        _P.STATION_TELEPHONE,
        _P.SIREN_SILENCE,
        _P.HOUSEHOLD_CONTACT,
        _P.ALARM_READ,
        _P.CAMERA_READ,
        _P.CAMERA_LOOK,
        _P.CAMERA_DIRECT,
        _P.EVIDENCE_LOOK,
        _P.REPORT_CREATE,
        _P.PRESENCE,
        _P.SYSTEM_READ,
        _P.DUTY_READ,
        _P.HANDOVER,
        _P.HANDOVER_READ,
        _P.REGISTRY_READ,
        _P.POLICY_READ,
        _P.HEALTH_READ,
    }
)

_UPKEEP = frozenset({_P.MAINTENANCE_READ, _P.MAINTENANCE_EDIT})
_TESTING = frozenset({_P.TEST_RUN, _P.LEDGER_READ})
_APPRAISAL = frozenset({_P.APPRAISAL_READ, _P.VISIT_NOTE})
_REGISTRAR = frozenset(
    {
        _P.REGISTRY_READ,
        _P.REGISTRY_EDIT,
        _P.REGISTRY_UNMASK,
        _P.REGISTRY_IMPORT,
        _P.REGISTRY_EXPORT,
        _P.DEVICE_ENROL,
        _P.CAMERA_ADOPT,
    }
)

_CUSTODY = frozenset(
    {_P.EVIDENCE_HOLD, _P.EVIDENCE_EXPORT, _P.EVIDENCE_APPROVE, _P.EVIDENCE_REGISTER}
)
_QUIET = frozenset({_P.QUIET_EDIT, _P.DRILL_EDIT, _P.DRILL_END})

_TABLE: dict[Role, frozenset[Permission]] = {
    # whoever sits there may always say that the practice is over
    Role.DUTY_OFFICER: _ON_DUTY
    | _UPKEEP
    | _TESTING
    | _APPRAISAL
    | {_P.DRILL_END, _P.REGISTRY_UNMASK},
    # reviewing and urging (督办) are not for the one who handled it
    Role.SHIFT_LEADER: _ON_DUTY
    | _QUIET
    | _REGISTRAR
    | _UPKEEP
    | _TESTING
    | _APPRAISAL
    | {
        _P.INCIDENT_REVIEW,
        _P.INCIDENT_SUPERVISE,
        *_CUSTODY,
        _P.AUDIT_READ,
        _P.RESPONSE_PLAN_EDIT,
        # what is watched and what is hidden is not for the village's own people
        _P.CAMERA_ZONES,
        _P.DUTY_EDIT,
    },
    # the duty room verifies, closes and says what belongs together; the station takes and sends
    Role.DISPATCHER: frozenset({_P.STATION_CONFIRM})
    | _ON_DUTY
    - {
        _P.INCIDENT_VERIFY,
        _P.INCIDENT_CLOSE,
        _P.INCIDENT_SUSPEND,
        _P.INCIDENT_MERGE,
        _P.INCIDENT_SPLIT,
        _P.INCIDENT_REOPEN,
    },
    # helps on the spot and knows the people; pictures are for the duty room
    Role.VILLAGE_HEAD: _REGISTRAR
    | _UPKEEP
    | _TESTING
    | _APPRAISAL
    | frozenset(
        {
            _P.INCIDENT_READ,
            _P.INCIDENT_RESPOND,
            _P.INCIDENT_NOTE,
            _P.HOUSEHOLD_CONTACT,
            _P.ALARM_READ,
            _P.CAMERA_READ,
            _P.REPORT_CREATE,
            _P.SYSTEM_READ,
            _P.DUTY_READ,
        }
    ),
    Role.PATROL: frozenset(
        {
            _P.INCIDENT_READ,
            _P.INCIDENT_RESPOND,
            _P.INCIDENT_NOTE,
            _P.HOUSEHOLD_CONTACT,
            _P.REPORT_CREATE,
            _P.SYSTEM_READ,
            _P.DUTY_READ,
        }
    ),
    # reads all that is recorded and changes nothing; looking live is no auditing
    Role.AUDITOR: frozenset(
        {
            _P.INCIDENT_READ,
            _P.ALARM_READ,
            _P.CAMERA_READ,
            _P.EVIDENCE_LOOK,
            _P.EVIDENCE_REGISTER,
            _P.SYSTEM_READ,
            _P.METRICS_READ,
            _P.AUDIT_READ,
            _P.DUTY_READ,
            _P.HANDOVER_READ,
            _P.REGISTRY_READ,
            _P.MAINTENANCE_READ,
            _P.LEDGER_READ,
            _P.POLICY_READ,
            _P.HEALTH_READ,
            _P.ACCOUNT_READ,
            _P.APPRAISAL_READ,
        }
    ),
    # sets the system up and signs for nothing
    Role.ADMINISTRATOR: frozenset(
        {
            _P.INCIDENT_READ,
            _P.ALARM_READ,
            _P.CAMERA_READ,
            _P.CAMERA_LOOK,
            _P.CAMERA_ZONES,
            _P.SYSTEM_READ,
            _P.METRICS_READ,
            _P.RESPONSE_PLAN_EDIT,
            _P.CONFIGURE,
            _P.POLICY_READ,
            _P.HEALTH_READ,
            _P.ACCOUNT_READ,
            _P.ACCOUNT_MANAGE,
            _P.DUTY_READ,
            _P.DUTY_EDIT,
            _P.HANDOVER_READ,
            _P.HOUSEHOLD_ERASE,
            _P.EVIDENCE_APPROVE,
            # whoever approves must see what is asked for
            _P.EVIDENCE_REGISTER,
            _P.LEDGER_READ,
            _P.APPRAISAL_READ,
            *_QUIET,
            *_REGISTRAR,
            *_UPKEEP,
        }
    ),
}

# An alarm is taken by a named person, and a look is written down with one; a machine is none.
_PERSON_ONLY = frozenset(
    {
        _P.CAMERA_DIRECT,
        _P.INCIDENT_ACKNOWLEDGE,
        _P.INCIDENT_VERIFY,
        _P.INCIDENT_DISPATCH,
        _P.INCIDENT_RESPOND,
        _P.INCIDENT_CLOSE,
        _P.INCIDENT_REVIEW,
        _P.INCIDENT_RETURN,
        _P.INCIDENT_REASSIGN,
        _P.INCIDENT_SUSPEND,
        _P.INCIDENT_SUPERVISE,
        _P.INCIDENT_MERGE,
        _P.INCIDENT_SPLIT,
        _P.INCIDENT_REOPEN,
        _P.HOUSEHOLD_CONTACT,
        _P.CAMERA_LOOK,
        _P.CAMERA_ZONES,
        _P.EVIDENCE_LOOK,
        *_CUSTODY,
        _P.PRESENCE,
        _P.DUTY_EDIT,
        _P.HANDOVER,
        _P.RESPONSE_PLAN_EDIT,
        *_QUIET,
        _P.STATION_TELEPHONE,
        _P.SIREN_SILENCE,
        *(_REGISTRAR - {_P.REGISTRY_READ}),
        _P.HOUSEHOLD_ERASE,
        _P.MAINTENANCE_EDIT,
        _P.TEST_RUN,
        _P.ACCOUNT_READ,
        _P.ACCOUNT_MANAGE,
        _P.VISIT_NOTE,
    }
)

WEIGHTY = frozenset(
    {
        _P.CONFIGURE,
        _P.ACCOUNT_MANAGE,
        _P.HOUSEHOLD_ERASE,
        _P.EVIDENCE_EXPORT,
        _P.EVIDENCE_APPROVE,
        _P.REGISTRY_IMPORT,
        _P.REGISTRY_EXPORT,
        _P.DEVICE_ENROL,
        _P.CAMERA_ADOPT,
    }
)
"""Configuring, and taking data out: where a site requires a second factor, these wait for it.
Nothing that an alarm needs is among them."""


def has_weight(role: Role) -> bool:
    """Whether a person of this role should have a second factor."""
    return bool(permissions_of(role) & WEIGHTY)


def permissions_of(role: Role, *, machine: bool = False) -> frozenset[Permission]:
    """All that a person or a machine of this role may do inside its places."""
    if machine:
        return _TABLE[role] - _PERSON_ONLY | {_P.METRICS_READ}
    return _TABLE[role]


@dataclass(frozen=True)
class Places:
    """Where somebody's rights hold: everywhere, or in these villages."""

    villages: frozenset[str] | None
    """Village ids; None is everywhere."""

    @classmethod
    def of(cls, names: Iterable[str]) -> "Places":
        """From `["*"]` or village ids, as accounts keep them."""
        ids = frozenset(names)
        return cls(None) if EVERYWHERE in ids else cls(ids)

    def covers(self, village_id: str | None) -> bool:
        """Whether a thing in this village is inside; what lies in no village is for everywhere."""
        if self.villages is None:
            return True
        return village_id is not None and village_id in self.villages

    def contain(self, other: "Places") -> bool:
        """Whether every place of `other` is inside."""
        if self.villages is None:
            return True
        return other.villages is not None and other.villages <= self.villages

    def names(self) -> list[str]:
        """As `of` takes them."""
        return [EVERYWHERE] if self.villages is None else sorted(self.villages)


@dataclass(frozen=True)
class Principal:
    """Who is calling: a person with a session, or a machine with a token."""

    username: str
    """The account's or the token's name, as the audit knows it."""
    display_name: str
    unit: str
    role: Role
    places: Places
    machine: bool = False
    withheld: frozenset[Permission] = frozenset()
    """Of the role's rights, those that wait for the person's second factor."""

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.role, machine=self.machine) - self.withheld

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions
