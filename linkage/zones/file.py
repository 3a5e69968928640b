"""A camera's zones as a zones file, the one of `lianfang analyze`: written here, read by `camerad`.
Pure."""

import json
from collections.abc import Sequence

from linkage.zones.model import KeptZone


def text_of(zones: Sequence[KeptZone], *, about: str) -> str:
    """The file; `about` is its first line, one line of any text."""
    tables = [f"# {' '.join(about.split())}\n"]
    for zone in zones:
        # a JSON string, number or list of such is one in TOML too
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}"
            for key, value in zone.entry().items()
        ]
        tables.append("\n".join(["[[zone]]", *lines, ""]))
    return "\n".join(tables)
