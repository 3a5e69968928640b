"""What is raised about a file as a whole.

RegistryError
└── Unreadable    no rows can be had from the file; carries why and how to mend it
"""

from linkage.registry.errors import RegistryError
from linkage.registry.faults import Fault
from linkage.registry.model import Said


class Unreadable(RegistryError):
    """The file, or one of its sheets, cannot be read as a sheet."""

    def __init__(self, fault: Fault, *, sheet: str = "", row: int | None = None) -> None:
        super().__init__(fault.said)
        self.fault = fault
        self.sheet = sheet
        self.row = row


def too_many_rows(sheet: str, most: int) -> Unreadable:
    """What is raised about a sheet without end."""
    return Unreadable(
        Fault(
            Said(f"行数超过 {most}", f"there are more than {most} rows"),
            Said("请删除空白行，或分成几个文件", "remove empty rows, or split the file"),
        ),
        sheet=sheet,
    )
