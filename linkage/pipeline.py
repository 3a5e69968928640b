"""One alarm, one visible path of named stages.

A stage is `(Draft, Facts) -> Draft`: pure, and it says in a Decision what it found and why. A new
behaviour is a new stage here, not an `if` in an old one.
"""

from linkage import stages
from linkage.facts import Facts
from linkage.quiet import stages as quiet
from linkage.stages import Draft, Stage

PIPELINE: tuple[Stage, ...] = (
    stages.dedupe,
    stages.set_tests_aside,
    stages.place,
    stages.note_drill,
    stages.match_rule,
    quiet.mute_down_cameras,
    stages.correlate,
    quiet.hold_back,
    quiet.gather_flood,
    stages.corroborate,
    quiet.rehearse,
    stages.ring,
    stages.gather_cameras,
    stages.plan_actions,
)


def decide(facts: Facts, path: tuple[Stage, ...] = PIPELINE) -> Draft:
    """What is to be done about one alarm; ends early where a stage says the rest has no say."""
    draft = Draft()
    for stage in path:
        draft = stage(draft, facts)
        if draft.finished:
            return draft
    return draft
