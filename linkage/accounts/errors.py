"""The exceptions of `linkage.accounts`.

AccountsError
├── BadAccount      a name, role, place or password that cannot be accepted; the text says which
├── NameTaken       an account or token of this name is there already
├── NoSuchAccount   no account or token of this name
└── WrongCode       a code of the second factor that is wrong, too old or was used before
"""

from linkage.errors import LinkageError


class AccountsError(LinkageError):
    """Anything this package raises on purpose. The text is one clear sentence for a person."""


class BadAccount(AccountsError):
    """What was given for an account or token cannot be accepted."""


class NameTaken(AccountsError):
    """The name is in use."""


class NoSuchAccount(AccountsError):
    """There is nothing of this name."""


class WrongCode(AccountsError):
    """The code of the second factor is not one that may be used now."""
