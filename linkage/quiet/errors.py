"""What can go wrong with silences, maintenance windows and drills."""

from linkage.errors import LinkageError


class QuietRefused(LinkageError):
    """It must not be, or cannot be now; the text says why."""


class NoSuchQuiet(LinkageError):
    """There is no such silence, maintenance window or drill."""
