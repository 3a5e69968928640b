"""What cameras see."""

import os
from dataclasses import dataclass
from functools import partial

from camerad.announcements import Listener
from camerad.ask_targets import addresses_in
from camerad.discovery import discover
from camerad.first_picture import first_picture
from camerad.fleet import Fleet
from camerad.onvif_door import clock_skew_s, describe
from camerad.profiles import smallest_fit
from camerad.second_look.factory import VerifiedDetectors
from camerad.second_look.model import VerifierSettings
from camerad.wire import DetectorFactory, default_detector
from linkage.adoption.network import CameraNetwork
from linkage.camera_alarms import CameraAlarms
from linkage.camera_clocks import CameraClocks
from linkage.camera_faults import CameraFaults
from linkage.camera_locator import CameraLocator
from linkage.cameras import CameraRegistry
from linkage.composition.ground import Ground
from linkage.composition.way_in import WayIn
from linkage.custody.keeper import EvidenceKeeper
from linkage.custody.metrics import EvidenceMetrics
from linkage.custody.room import Room
from linkage.evidence import EvidenceFolder
from linkage.logs import configure_logs
from linkage.motion.keeper import MotionKeeper

_DESCRIBE_S = 20.0
"""A recorder is asked for the address of every stream of every channel."""


@dataclass(frozen=True)
class Eyes:
    """What cameras see."""

    registry: CameraRegistry
    fleet: Fleet
    locator: CameraLocator
    network: CameraNetwork
    clocks: CameraClocks
    evidence: EvidenceFolder
    faults: CameraFaults
    motion: MotionKeeper
    room: Room
    custody: EvidenceKeeper
    evidence_metrics: EvidenceMetrics


def detector_of(verifier: VerifierSettings | None) -> DetectorFactory:
    """What makes the workers' detectors: with a second look where the site has a network for it."""
    return default_detector if verifier is None else VerifiedDetectors(verifier)


def eyes(ground: Ground, entry: WayIn) -> Eyes:
    """Cameras, those who look at them, and where their pictures are kept."""
    file, clock = ground.settings.file, ground.clock
    evidence = EvidenceFolder(ground.settings.evidence_folder)
    keeping = file.evidence.keeping
    room = Room(ground.database, evidence.path, keeping, clock)
    faults = CameraFaults(
        ground.database,
        entry.log,
        clock,
        ground.changes,
        # also those that were never found
        healths=lambda: locator.health(),
        writer=ground.node,
    )
    motion = MotionKeeper(
        ground.database,
        clock,
        healths=lambda: fleet.health(),
        is_busy=lambda: any(ground.database.waiting),
        keep_s=file.motion.keep,
    )
    fleet = ground.doors.fleet(
        clock=clock,
        on_event=CameraAlarms(entry.log, evidence, room, faults, motion).on_event,
        workers=file.cameras.workers or None,
        detector=detector_of(ground.settings.detection.verifier),
        configure_logging=configure_logs,
        days=ground.settings.days,
        recording=file.evidence.recording(file.cameras.workers or os.cpu_count() or 1),
    )
    cameras = file.cameras
    registry = CameraRegistry(ground.database, ground.box, zones=ground.settings.detection.zones)
    finding = partial(
        discover,
        interfaces=cameras.interfaces,
        unicast=addresses_in(cameras.ask),
        per_s=cameras.ask_per_second,
    )
    locator = CameraLocator(
        registry,
        fleet,
        clock,
        time_zone=file.site.time_zone,
        discover=finding if cameras.discover else None,
        describe=partial(describe, timeout_s=_DESCRIBE_S),
        choose_profile=smallest_fit,
        listen=partial(Listener, interfaces=cameras.interfaces) if cameras.discover else None,
    )
    network = CameraNetwork(
        discover=finding,
        describe=describe,
        picture=first_picture,
        changed=locator.look_now,
        interfaces=cameras.interfaces,
    )
    clocks = CameraClocks(registry, clock, clock_skew_s)
    custody = EvidenceKeeper(
        ground.database,
        ground.box,
        clock,
        evidence,
        keeping=keeping,
        is_busy=lambda: any(ground.database.waiting),
        writer=ground.node,
    )
    metrics = EvidenceMetrics(room, clock, is_busy=lambda: any(ground.database.waiting))
    return Eyes(
        registry, fleet, locator, network, clocks, evidence, faults, motion, room, custody, metrics
    )
