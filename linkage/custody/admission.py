"""Whether new evidence may still be kept. Pure.

Routine evidence is refused first, before the space is used up; nothing is ever removed to make
room: what is held, and what is not yet old, stays.
"""

from linkage.custody.model import Keeping, Why

ROUTINE_SHARE = 0.9
"""Of the quota: beyond it only evidence of presses is taken."""


def refused(
    keeping: Keeping, *, used_bytes: int, free_bytes: int, wanted_bytes: int, is_routine: bool
) -> tuple[Why, str] | None:
    """Why so many bytes more may not be kept, with the numbers; None when they may."""
    if free_bytes - wanted_bytes < keeping.keep_free_bytes:
        return Why.DISK_FULL, f"{_mb(free_bytes)} free, {_mb(keeping.keep_free_bytes)} kept free"
    share = ROUTINE_SHARE if is_routine else 1.0
    limit = int(keeping.quota_bytes * share)
    if keeping.quota_bytes and used_bytes + wanted_bytes > limit:
        return Why.QUOTA, f"{_mb(used_bytes)} of {_mb(limit)} used"
    return None


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.0f} MB"
