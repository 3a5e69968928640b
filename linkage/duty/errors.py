"""The exceptions of the duty room.

LinkageError
└── DutyError
    ├── BadEntry       what was to be written makes no sense or names what is not there
    ├── NoSuchEntry    there is no such post, pattern, override, absence, team or officer
    └── NotToSign      the hand-over cannot be signed, or not by this person
"""

from linkage.errors import LinkageError


class DutyError(LinkageError):
    """Anything the duty room raises on purpose; the text says why, Chinese first."""


class BadEntry(DutyError):
    """The entry cannot be kept until a person mends it."""


class NoSuchEntry(DutyError):
    """There is nothing of this name."""


class NotToSign(DutyError):
    """The hand-over is signed already, or its giver tries to take it."""
