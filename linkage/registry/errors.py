"""The exceptions of the registry.

LinkageError
└── RegistryError
    ├── BadEntry       what was to be written makes no sense; says which field, and how to mend it
    ├── NoSuchEntry    there is no such entry, or it lies outside the caller's places
    └── NotPossible    what was asked does not go with how things are now
"""

from linkage.errors import LinkageError
from linkage.registry.model import Said


class RegistryError(LinkageError):
    """Anything the registry raises on purpose; the text is Chinese first, then English."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said))
        self.said = said


class BadEntry(RegistryError):
    """The entry cannot be kept until a person mends it."""

    def __init__(self, field: str, said: Said) -> None:
        super().__init__(said)
        self.field = field


class NoSuchEntry(RegistryError):
    """There is nothing of this id that the caller may see."""

    def __init__(self) -> None:
        super().__init__(Said("没有您可以查看的内容", "there is nothing here that you may see"))


class NotPossible(RegistryError):
    """It would be possible if other things were different; the text says which."""
