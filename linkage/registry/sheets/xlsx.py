"""The way to `xlsx_file`, whose openpyxl takes 34 MB: loaded when the first workbook comes or goes,
by whoever reads or writes it in a thread."""

from collections.abc import Iterable, Mapping, Sequence

from linkage.registry.sheets.model import RawSheet


def read(content: bytes) -> tuple[list[RawSheet], list[str]]:
    """As `xlsx_file.read`."""
    from linkage.registry.sheets import xlsx_file

    return xlsx_file.read(content)


def write(sheets: Mapping[str, Iterable[Sequence[str]]]) -> bytes:
    """As `xlsx_file.write`."""
    from linkage.registry.sheets import xlsx_file

    return xlsx_file.write(sheets)
