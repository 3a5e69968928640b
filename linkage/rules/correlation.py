"""Which alarms belong together: the shapes of declared correlation, and what holds by itself.

Only shapes and the built-in ones; finding the incident that an alarm joins is in
`linkage.rules.correlating`, reading `[[correlate]]` in `linkage.rules.file`.
"""

from dataclasses import dataclass
from enum import StrEnum

from alarms.model import LIFE_SAFETY_KINDS, SYSTEM_KINDS, AlarmKind, AlarmSource
from linkage.model.certainty import Certainty

FOLD_WITHIN_S = 600.0
NEAR_M = 80.0
NEAR_WITHIN_S = 600.0
GATE_M = 80.0
LONGEST_M = 500.0
"""Whatever a file says: farther away it is another place."""


class Same(StrEnum):
    """What the alarm must share with the open incident."""

    HOUSEHOLD = "household"
    """One of its alarms came from this household (or, where none is registered, this button)."""
    GROUP = "group"
    VILLAGE = "village"
    PLACE = "place"
    """Where it came from lies within `within_m` of where the incident began."""
    CAMERA = "camera"
    """The alarm's camera is one of the incident's; or the incident began at a camera that stands
    within `within_m` of where the alarm came from."""
    OWN_CAMERA = "own-camera"
    """The incident began at the camera that raises the alarm."""
    CAUSE = "cause"
    """The same empty chair, the same post."""


@dataclass(frozen=True)
class Correlation:
    """One `[[correlate]]`: an alarm of `kinds` joins an open incident that `fits`."""

    name: str
    same: Same
    kinds: frozenset[AlarmKind] = frozenset()
    """Of the alarm; an empty set asks nothing, here and below."""
    sources: frozenset[AlarmSource] = frozenset()
    with_kinds: frozenset[AlarmKind] = frozenset()
    """Of the open incident."""
    without_kinds: frozenset[AlarmKind] = frozenset()
    with_sources: frozenset[AlarmSource] = frozenset()
    within_m: float = NEAR_M
    within_s: float | None = None
    """Since the incident's newest alarm; None: however long it has been open."""
    raises_priority_by: int = 0
    """When the alarm is a second source: of another kind, or of another household."""
    raises_certainty_to: Certainty | None = None
    rings: bool = False
    """The console sounds again, also where it would not by itself."""
    households_at_most: int | None = None
    """Of an incident that takes it in; where a whole village presses, each group has its own."""
    joins_quiet: bool = True
    """Also where one of the two must not be noticed; then nothing may sound at the other either."""
    zh: str = ""
    """What reasons call a built-in one in Chinese."""

    @property
    def label(self) -> tuple[str, str]:
        """What reasons call it, in Chinese and in English."""
        return self.zh or self.name, self.name

    def concerns(self, kind: AlarmKind, source: AlarmSource) -> bool:
        return (not self.kinds or kind in self.kinds) and (
            not self.sources or source in self.sources
        )


_PRESSES = LIFE_SAFETY_KINDS
_LOITERING = frozenset({AlarmKind.LOITERING})
_FAULT = frozenset({AlarmKind.CAMERA_FAULT})
_CANCEL = frozenset({AlarmKind.CANCEL})
_OBSERVED = Certainty.OBSERVED


def built_in(fold_within_s: float = FOLD_WITHIN_S) -> tuple[Correlation, ...]:
    """What holds after the site's own, in this order. A press looks to its household first, then
    to its group, then to what is near; a camera to what is near it, then to itself."""
    return (
        Correlation(
            "same-household",
            Same.HOUSEHOLD,
            kinds=_PRESSES | _CANCEL | {AlarmKind.TEST},
            without_kinds=_LOITERING,
            zh="同一户",
        ),
        Correlation(
            "same-group",
            Same.GROUP,
            kinds=_PRESSES,
            without_kinds=_CANCEL,
            within_s=fold_within_s,
            raises_priority_by=1,
            raises_certainty_to=_OBSERVED,
            zh="同一联防组",
        ),
        Correlation(
            "press-after-loitering",
            Same.CAMERA,
            kinds=_PRESSES,
            with_kinds=_LOITERING,
            within_m=GATE_M,
            within_s=NEAR_WITHIN_S,
            raises_priority_by=1,
            raises_certainty_to=_OBSERVED,
            zh="徘徊后报警",
        ),
        Correlation(
            "near-neighbour",
            Same.PLACE,
            kinds=_PRESSES,
            with_kinds=_PRESSES,
            within_m=NEAR_M,
            within_s=NEAR_WITHIN_S,
            raises_priority_by=1,
            raises_certainty_to=_OBSERVED,
            households_at_most=3,
            joins_quiet=False,
            zh="相邻住户",
        ),
        Correlation(
            "camera-near",
            Same.CAMERA,
            kinds=_LOITERING,
            raises_priority_by=1,
            raises_certainty_to=_OBSERVED,
            zh="附近摄像机",
        ),
        Correlation("same-camera", Same.OWN_CAMERA, kinds=_LOITERING, zh="同一摄像机"),
        Correlation(
            "camera-of-incident",
            Same.CAMERA,
            kinds=_FAULT,
            with_kinds=_PRESSES,
            rings=True,
            zh="现场摄像机",
        ),
        Correlation("same-cause", Same.CAUSE, kinds=SYSTEM_KINDS, zh="同一岗位"),
    )
