"""The shapes of what a change of the registry did, and of its history."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from linkage.registry.history import HistoryEntry
from linkage.registry.model import Said, Written
from linkage.web.answering import moment


class RegistryWritten(Struct, frozen=True, kw_only=True):
    outcome: str
    """created, changed or unchanged."""
    warnings: list[str]
    """Chinese first."""


class RegistryChange(Struct, frozen=True, kw_only=True):
    at: str
    actor: str
    actor_name: str
    """As the account is called; empty for machines and the command line."""
    change: str
    label_zh: str
    label_en: str
    data: dict[str, Any]
    names: dict[str, str]
    """What the ids in `data` are called now, by its fields."""


def written(done: Written) -> RegistryWritten:
    return RegistryWritten(outcome=done.outcome.value, warnings=texts(done.warnings))


def changes(history: Sequence[HistoryEntry], zone: ZoneInfo) -> list[RegistryChange]:
    found = []
    for one in history:
        zh, en = one.change.label
        found.append(
            RegistryChange(
                at=moment(one.at_ms, zone),
                actor=one.actor,
                actor_name=one.actor_name,
                change=one.change.value,
                label_zh=zh,
                label_en=en,
                data=one.data,
                names=one.names,
            )
        )
    return found


def texts(said: Iterable[Said]) -> list[str]:
    return [str(one) for one in said]
