"""What is raised about a file as a whole.

RegistryError
└── Unreadable    no rows can be had from the file; carries why and how to mend it
"""

from linkage.registry.errors import RegistryError
from linkage.registry.faults import Fault


class Unreadable(RegistryError):
    """The file, or one of its sheets, cannot be read as a sheet."""

    def __init__(self, fault: Fault, *, sheet: str = "", row: int | None = None) -> None:
        super().__init__(fault.said)
        self.fault = fault
        self.sheet = sheet
        self.row = row
