"""May this camera be looked at, now, by this person, for this reason? Pure.

The law asks for a register of looks with person, unit and purpose (Decree 799, Art. 16); a
household's camera is nobody's to look through but while its incident is open.
"""

from dataclasses import dataclass
from enum import StrEnum

PRIVATE = "private"


class Refusal(StrEnum):
    """Why not."""

    NOT_DURING_INCIDENT = "not-during-incident"
    NOT_AGREED = "not-agreed"
    NO_SUCH_INCIDENT = "no-such-incident"
    INCIDENT_CLOSED = "incident-closed"
    NO_REASON = "no-reason"

    @property
    def label(self) -> tuple[str, str]:
        """In Chinese and in English."""
        return _LABELS[self]

    @property
    def said(self) -> str:
        """One sentence in both."""
        return " / ".join(self.label)


_LABELS = {
    Refusal.NOT_DURING_INCIDENT: (
        "住户摄像机仅在其警情期间可看",
        "only during its household's incident.",
    ),
    Refusal.NOT_AGREED: (
        "住户未同意或已撤回同意，不可查看",
        "its household has not agreed, or does so no more.",
    ),
    Refusal.NO_SUCH_INCIDENT: ("没有这起警情", "there is no such incident."),
    Refusal.INCIDENT_CLOSED: (
        "警情已结，请另写明用途",
        "the incident is closed: state another reason.",
    ),
    Refusal.NO_REASON: ("请写明查看用途", "state why you look."),
}


@dataclass(frozen=True)
class CameraNow:
    """A camera as it stands at this moment."""

    legal_class: str
    linked: tuple[str, ...]
    """The open incidents it is linked with, newest first."""
    is_agreed: bool = True
    """Of a household's camera: whether its consent stands at this moment."""


@dataclass(frozen=True)
class Asked:
    """Who looks, and what they say of it."""

    may_handle: bool
    """Whether their role handles incidents."""
    purpose: str = ""
    incident: str | None = None
    """The incident it is for, if one is named."""
    incident_is_open: bool | None = None
    """None: there is none of this name in their places."""


@dataclass(frozen=True)
class Verdict:
    """`refusal` None: they may, and it is for `incident` where one is the reason."""

    refusal: Refusal | None = None
    incident: str | None = None


def may_be_viewed(camera: CameraNow) -> Refusal | None:
    """Whether anybody at all may look through this camera now: the one place for what its owner
    has agreed to."""
    if camera.legal_class != PRIVATE:
        return None
    if not camera.is_agreed:
        return Refusal.NOT_AGREED
    return None if camera.linked else Refusal.NOT_DURING_INCIDENT


def may_look(camera: CameraNow, asked: Asked) -> Verdict:
    """An open incident of the camera is reason enough for who may handle it; all else is to be
    stated."""
    refusal = may_be_viewed(camera)
    if refusal is None and asked.incident is not None and asked.incident_is_open is None:
        refusal = Refusal.NO_SUCH_INCIDENT
    if refusal is not None:
        return Verdict(refusal)
    is_stated = bool(asked.purpose.strip())
    about = asked.incident
    if camera.legal_class == PRIVATE and about not in camera.linked:
        # it is for the household's own incident, whatever else it is said to be for
        about = camera.linked[0]
    if about in camera.linked and asked.may_handle:
        return Verdict(incident=about)
    if not is_stated:
        closed = asked.incident is not None and not asked.incident_is_open
        return Verdict(Refusal.INCIDENT_CLOSED if closed else Refusal.NO_REASON)
    return Verdict(incident=about)
