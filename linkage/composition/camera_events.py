"""Listening to what cameras say of themselves."""

import secrets
from collections.abc import Sequence
from functools import partial

from alarms.model import DeviceReport
from camerad.model import Preset
from camerad.onvif_door import CameraHead, Login, PullPoint, relay_outputs
from lianfang_timing import unix_ms
from linkage.camera_events.taking_in import TakingIn
from linkage.camera_events.turning_watch import CameraTurning
from linkage.camera_events.watch import CameraEvents
from linkage.composition.eyes import Eyes
from linkage.composition.ground import Ground
from linkage.composition.household_net import HouseholdNet
from linkage.composition.way_in import WayIn


def camera_events(ground: Ground, entry: WayIn, seeing: Eyes, net: HouseholdNet) -> CameraEvents:
    """The watch over cameras' events; what it hears goes into the one log."""

    async def report(reports: Sequence[DeviceReport]) -> None:
        net.supervision.heard(reports)
        await entry.devices.note_statuses(
            {said.device: {"online": said.online} for said in reports},
            at_ms=unix_ms(ground.clock.now()),
            spoke=[said.device for said in reports if said.online],
        )

    async def presets(address: str, login: Login, source: str | None) -> Sequence[Preset]:
        return await CameraHead(address, login, source=source, clock=ground.clock).presets()

    taking_in = TakingIn(
        entry.log,
        entry.devices,
        seeing.motion,
        seeing.faults,
        ground.clock,
        run=secrets.randbits(52),
    )
    events = CameraEvents(
        ground.database,
        entry.log,
        seeing.registry if ground.settings.file.cameras.events else None,
        taking_in,
        seeing.faults,
        ground.clock,
        open_line=partial(PullPoint, clock=ground.clock),
        report=report,
        ask_relays=partial(relay_outputs, clock=ground.clock),
        ask_presets=presets,
    )
    seeing.faults.others = events
    return events


def camera_turning(ground: Ground) -> CameraTurning:
    """Who turns cameras for incidents, and gives them back."""

    def head(address: str, login: Login, source: str | None) -> CameraHead:
        return CameraHead(address, login, source=source, clock=ground.clock)

    return CameraTurning(ground.database, ground.box, ground.clock, head=head, writer=ground.node)
