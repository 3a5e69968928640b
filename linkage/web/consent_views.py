"""The shapes of households' consents for their cameras, and of what their owners are told."""

from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from linkage.consent.model import Agreement, HouseholdCamera, OwnerLog
from linkage.web.answering import moment, moment_or_none


class ConsentView(Struct, frozen=True, kw_only=True):
    """The newest consent for a camera, standing or withdrawn."""

    household: str
    household_label: str
    agreed_by: str
    """In lists the surname only; the whole name stands in the owner's log, which is recorded."""
    agreed_on: str
    purpose: str
    reference: str
    keeps: bool
    """Clips and pictures of an incident may be kept; else it is looked at only."""
    recorded_by: str
    recorded_at: str
    withdrawn_at: str | None
    withdrawn_by: str | None
    withdrawn_said: str | None


class HouseholdCameraView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    village: str
    village_name: str
    standing: str
    """`none`: nobody agreed yet, `agreed`, `withdrawn`. Only an agreed one is watched."""
    consent: ConsentView | None


class HouseholdCameraList(Struct, frozen=True, kw_only=True):
    items: list[HouseholdCameraView]


class OwnLookView(Struct, frozen=True, kw_only=True):
    kind: str
    """`live` or `snapshot`."""
    began: str
    seconds: float
    goes_on: bool
    display_name: str
    unit: str
    incident_number: str | None


class OwnFileView(Struct, frozen=True, kw_only=True):
    kind: str
    """`clip` or `snapshot`."""
    at: str
    incident_number: str
    is_held: bool
    """It is kept beyond its time, for a case."""


class OwnerLogView(Struct, frozen=True, kw_only=True):
    """Everything since the household agreed first, newest first."""

    camera: HouseholdCameraView
    looks: list[OwnLookView]
    files: list[OwnFileView]
    """What is kept now."""
    more: bool
    """Older ones are not listed."""


_Long = Annotated[str, Meta(max_length=1000)]


class ConsentBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What the household agreed to, in writing."""

    household: Annotated[str, Meta(min_length=1, max_length=64)]
    agreed_by: _Long
    agreed_on: Annotated[str, Meta(max_length=10)]
    """YYYY-MM-DD, as on the paper."""
    purpose: _Long
    reference: _Long
    keeps: bool = False

    def agreement(self) -> Agreement:
        return Agreement(
            self.household,
            self.agreed_by,
            self.agreed_on,
            self.purpose,
            self.reference,
            self.keeps,
        )


class WithdrawBody(Struct, forbid_unknown_fields=True):
    """Nobody has to say why they withdraw."""

    said: Annotated[str, Meta(max_length=500)] = ""


class ConsentMade(Struct, frozen=True, kw_only=True):
    id: str


def camera(found: HouseholdCamera, zone: ZoneInfo, *, clear: bool = False) -> HouseholdCameraView:
    return HouseholdCameraView(
        id=found.id,
        name=found.name,
        village=found.village_id,
        village_name=found.village_name,
        standing=found.standing.value,
        consent=_consent(found, zone, clear=clear),
    )


def owner_log(found: OwnerLog, zone: ZoneInfo) -> OwnerLogView:
    return OwnerLogView(
        camera=camera(found.camera, zone, clear=True),
        looks=[
            OwnLookView(
                kind=one.kind,
                began=moment(one.began_at_ms, zone),
                seconds=round(one.seconds, 1),
                goes_on=one.goes_on,
                display_name=one.display_name,
                unit=one.unit,
                incident_number=one.incident,
            )
            for one in found.looks
        ],
        files=[
            OwnFileView(
                kind=one.kind,
                at=moment(one.at_ms, zone),
                incident_number=one.incident,
                is_held=one.is_held,
            )
            for one in found.files
        ],
        more=found.more,
    )


def _consent(found: HouseholdCamera, zone: ZoneInfo, *, clear: bool) -> ConsentView | None:
    one = found.consent
    if one is None:
        return None
    said = one.agreement
    return ConsentView(
        household=said.household_id,
        household_label=found.household_label or "",
        agreed_by=said.agreed_by if clear else _masked(said.agreed_by),
        agreed_on=said.agreed_on,
        purpose=said.purpose,
        reference=said.reference,
        keeps=said.keeps,
        recorded_by=one.recorded_by,
        recorded_at=moment(one.recorded_at_ms, zone),
        withdrawn_at=moment_or_none(one.withdrawn_at_ms, zone),
        withdrawn_by=one.withdrawn_by,
        withdrawn_said=one.withdrawn_said,
    )


def _masked(name: str) -> str:
    return f"{name[:1]}**" if name else ""
