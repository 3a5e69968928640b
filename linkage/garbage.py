"""How often Python goes through what was made lately, looking for garbage that refers to itself.

Nearly all that an alarm leaves is let go of without it. As Python comes, it looks after every 700
objects: a tenth of the work of a burst of alarms.
"""

import gc

LOOK_AFTER = 20_000
"""Objects that were made and not let go of: some MB."""


def look_seldom() -> None:
    """For the whole process; to be called once everything is imported."""
    # what was imported stays: going through it again and again would halt presses for 50 ms
    gc.freeze()
    gc.set_threshold(LOOK_AFTER)
