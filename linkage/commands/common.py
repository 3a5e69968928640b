"""What several commands share: the --config argument and a site's store without the daemon."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alarms.store import Database, SealedBox
from linkage.settings import Settings, load_settings
from linkage.storage import open_storage

Subparsers = Any
"""argparse's own type for this is private."""


@dataclass(frozen=True)
class OpenSite:
    """A site's settings and its store."""

    settings: Settings
    database: Database
    box: SealedBox


def add_config(parser: argparse.ArgumentParser) -> None:
    """The argument that every command of a site has."""
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="DIR",
        help="设置文件夹，内有 site.toml / the folder that holds site.toml",
    )


@contextmanager
def open_site(folder: Path) -> Iterator[OpenSite]:
    """Open the store of the site that `folder` describes, and close it again."""
    settings = load_settings(folder)
    storage = open_storage(settings)
    try:
        yield OpenSite(settings, storage.database, storage.box)
    finally:
        storage.database.close_now()
