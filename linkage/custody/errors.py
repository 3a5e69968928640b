"""The exceptions of `linkage.custody`.

CustodyError        the text says why, Chinese first
├── NoSuchEntry     no such hold, export or incident
├── NotPossible     not now: it was released, is not approved, is one's own
└── ExportFailed    the file cannot be made: a file of the evidence is not what it was, disk full
"""

from linkage.errors import LinkageError


class CustodyError(LinkageError):
    """Anything that custody refuses."""


class NoSuchEntry(CustodyError):
    """There is no such thing, or not for this person."""


class NotPossible(CustodyError):
    """It is there, and the rules forbid this now."""


class ExportFailed(CustodyError):
    """The file of an export cannot be made."""
