"""How sure it is that something happens."""

from enum import StrEnum

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind


class Certainty(StrEnum):
    """How sure it is that something happens there (the words of CAP)."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    OBSERVED = "observed"
    """Two sources that know nothing of each other say so."""

    @property
    def label(self) -> tuple[str, str]:
        """The certainty in Chinese and in English."""
        return _CERTAINTY_LABELS[self]

    @property
    def rank(self) -> int:
        """Higher is more certain."""
        return _CERTAINTY_RANKS[self]

    def or_more(self, other: "Certainty") -> "Certainty":
        """The more certain of the two."""
        return self if _CERTAINTY_RANKS[self] >= _CERTAINTY_RANKS[other] else other


_CERTAINTY_RANKS = {Certainty.POSSIBLE: 0, Certainty.LIKELY: 1, Certainty.OBSERVED: 2}
_CERTAINTY_LABELS = {
    Certainty.POSSIBLE: ("可能", "Possible"),
    Certainty.LIKELY: ("很可能", "Likely"),
    Certainty.OBSERVED: ("已证实", "Observed"),
}


def usual_certainty(kind: AlarmKind) -> Certainty:
    """What one alarm of this kind is worth alone."""
    if kind in SYSTEM_KINDS:
        return Certainty.OBSERVED
    return Certainty.LIKELY if kind in LIFE_SAFETY_KINDS else Certainty.POSSIBLE
