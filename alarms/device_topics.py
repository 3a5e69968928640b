"""Which topics each kind of device may use (contract §3). Pure; both brokers go by it.

A device's own topics lie below `{prefix}/{kind}/{device}/`; beside them every device may read
`{prefix}/service/status`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BUTTON, SIREN, LOUDSPEAKER = "button", "siren", "loudspeaker"


@dataclass(frozen=True)
class Leaves:
    """The last parts of a kind's own topics, by who says something on them."""

    device_writes: tuple[str, ...]
    device_reads: tuple[str, ...]


OWN: Mapping[str, Leaves] = {
    BUTTON: Leaves(("press", "status", "seen"), ("reply", "notice")),
    SIREN: Leaves(("status",), ("set",)),
    LOUDSPEAKER: Leaves(("status",), ("say",)),
}
_NONE = Leaves((), ())


def service_status(prefix: str) -> str:
    return f"{prefix}/service/status"


def writes(prefix: str, kind: str, device: str) -> list[str]:
    """What this device may publish to; nothing for a kind that we do not know."""
    leaves = OWN.get(kind, _NONE).device_writes
    return [f"{prefix}/{kind}/{device}/{leaf}" for leaf in leaves]


def reads(prefix: str, kind: str, device: str) -> list[str]:
    """What this device may subscribe to, `service/status` among it."""
    leaves = OWN.get(kind, _NONE).device_reads
    return [f"{prefix}/{kind}/{device}/{leaf}" for leaf in leaves] + [service_status(prefix)]
