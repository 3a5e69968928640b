"""The exceptions of zones.

LinkageError
└── ZonesChanged   somebody else has kept other zones meanwhile: look at them first
"""

from linkage.errors import LinkageError


class ZonesChanged(LinkageError):
    """The version that the caller saw is not the newest; the text says who changed what."""

    def __init__(self, said: str, version: int) -> None:
        super().__init__(said)
        self.version = version
