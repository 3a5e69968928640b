"""`[supervision]` of site.toml: by what measures a device counts as well."""

from typing import Annotated

import msgspec
from msgspec import Meta

from linkage.strict_toml import Duration
from linkage.supervision.model import Fault, Policy

_P = Policy()
Share = Annotated[float, Meta(gt=0, le=1)]
Dbm = Annotated[float, Meta(ge=-150, le=0)]
Count = Annotated[int, Meta(ge=1, le=1000)]


class SupervisionSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[supervision]`. Every default is that of `linkage.supervision.model.Policy`."""

    usual_every: Duration = Duration(_P.usual_every / 1000)
    """Of a device that never said how often it speaks."""
    shortest_every: Duration = Duration(_P.shortest_every / 1000)
    longest_every: Duration = Duration(_P.longest_every / 1000)
    grace: Duration = Duration(_P.grace / 1000)
    grace_share: Share = _P.grace_share
    away_for: Duration = Duration(_P.will_grace / 1000)
    """After its last will."""
    never_heard_after: Duration = Duration(_P.never_after / 1000)
    battery_low: Share = _P.battery_low
    battery_ok: Share = _P.battery_ok
    signal_weak: Dbm = _P.rssi_weak
    signal_ok: Dbm = _P.rssi_ok
    signal_for: Duration = Duration(_P.sustained / 1000)
    clock_off: Duration = Duration(_P.clock_off / 1000)
    flaps: Count = _P.flaps
    flaps_within: Duration = Duration(_P.flaps_within / 1000)
    village_count: Count = _P.village_count
    village_share: Share = _P.village_share
    village_within: Duration = Duration(_P.village_within / 1000)
    due_silent: Duration = Duration(_P.due[Fault.SILENT] / 1000)
    due_village: Duration = Duration(_P.due[Fault.VILLAGE] / 1000)
    due_tampered: Duration = Duration(_P.due[Fault.TAMPERED] / 1000)
    due_revoked: Duration = Duration(_P.due[Fault.REVOKED] / 1000)
    due_flapping: Duration = Duration(_P.due[Fault.FLAPPING] / 1000)
    due_low: Duration = Duration(_P.due[Fault.LOW] / 1000)
    due_weak: Duration = Duration(_P.due[Fault.WEAK] / 1000)
    due_clock: Duration = Duration(_P.due[Fault.CLOCK] / 1000)
    due_own_clock: Duration = Duration(_P.due[Fault.OWN_CLOCK] / 1000)
    due_never_enrolled: Duration = Duration(_P.due[Fault.NEVER] / 1000)


def mistakes_in(said: SupervisionSettings) -> list[tuple[str, str, str]]:
    """Key, and what is wrong with it in Chinese and in English; where one contradicts another."""
    found = []
    if said.battery_ok < said.battery_low:
        found.append(("battery_ok", "应不低于 battery_low", "must be at least battery_low"))
    if said.signal_ok < said.signal_weak:
        found.append(("signal_ok", "应不低于 signal_weak", "must be at least signal_weak"))
    if said.longest_every < said.shortest_every:
        found.append(
            ("longest_every", "应不短于 shortest_every", "must be at least shortest_every")
        )
    return found


def policy_of(said: SupervisionSettings) -> Policy:
    """The settings as supervision decides by them."""
    return Policy(
        usual_every=_ms(said.usual_every),
        shortest_every=_ms(said.shortest_every),
        longest_every=_ms(said.longest_every),
        grace=_ms(said.grace),
        grace_share=said.grace_share,
        will_grace=_ms(said.away_for),
        never_after=_ms(said.never_heard_after),
        battery_low=said.battery_low,
        battery_ok=said.battery_ok,
        rssi_weak=said.signal_weak,
        rssi_ok=said.signal_ok,
        sustained=_ms(said.signal_for),
        clock_off=_ms(said.clock_off),
        flaps=said.flaps,
        flaps_within=_ms(said.flaps_within),
        village_count=said.village_count,
        village_share=said.village_share,
        village_within=_ms(said.village_within),
        due={
            Fault.SILENT: _ms(said.due_silent),
            Fault.NEVER: _ms(said.due_never_enrolled),
            Fault.REVOKED: _ms(said.due_revoked),
            Fault.TAMPERED: _ms(said.due_tampered),
            Fault.FLAPPING: _ms(said.due_flapping),
            Fault.LOW: _ms(said.due_low),
            Fault.WEAK: _ms(said.due_weak),
            Fault.CLOCK: _ms(said.due_clock),
            Fault.VILLAGE: _ms(said.due_village),
            Fault.OWN_CLOCK: _ms(said.due_own_clock),
        },
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
