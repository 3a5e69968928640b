"""The directory of a village (通讯录) to print: one page of HTML, Chinese first."""

from linkage.registry.directory import HEADINGS, Directory
from linkage.web.print_page import heading, page, paragraph, table


def page_of(directory: Directory, *, title: str, printed: str) -> str:
    """The page."""
    parts = [paragraph(printed)]
    for group in directory.groups:
        parts.append(heading(f"{group.grid} · {group.name}"))
        parts.append(table(HEADINGS, (tuple(vars(line).values()) for line in group.lines)))
    if directory.estates:
        parts.append(heading("住宅小区 Estates"))
        parts.append(
            table(
                ("小区 Estate", "物业 Property company", "电话 Telephone"),
                ((one.name, one.company, one.phone) for one in directory.estates),
            )
        )
    return page(title, parts)
