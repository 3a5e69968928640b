"""What the web application needs from the rest of the program.

Only shapes: whoever composes the program passes objects that have them, tests pass fakes.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from alarms.model import Appended, NewAlarm
from alarms.store import Database, SealedBox
from camerad.device_events.model import EventsHealth
from camerad.live.desk import LiveFeed
from camerad.model import Camera, CameraHealth, Preset, RelayOutput
from camerad.working_days import PLAIN_WEEK, WorkingDays
from camerad.zones import ZoneDefaults
from lianfang_timing import Clock
from linkage.accounts.passwords import Passwords
from linkage.accounts.settings import AccountSettings
from linkage.adoption.network import CameraNetwork
from linkage.audit import Audit
from linkage.camera_events.model import DeadButton
from linkage.custody.desk import CustodyDesk
from linkage.custody.photographs import PhotographDesk
from linkage.enrolment.desk import EnrolmentDesk
from linkage.ledgers.keeper import LedgerKeeper
from linkage.ledgers.settings import TEST_EVERY_S
from linkage.looking.register import LookRegister
from linkage.looking.settings import LiveSettings
from linkage.mapping.settings import Tiles
from linkage.mapping.sight import USUAL_RANGE_M
from linkage.parts import Disk
from linkage.policy import PolicyInForce
from linkage.quiet.model import FloodPolicy
from linkage.registry.coverage import MODEL_VILLAGE
from linkage.registry.erasing_desk import ErasingDesk
from linkage.response_plans.desk import ResponsePlanDesk
from linkage.steps.checks import Ask, ClosingCheck
from linkage.ways.settings import USUAL_WAYS, Ways
from linkage.ways.station_desk import StationDesk
from linkage.ways.telling_again import TellingDesk


class Desk(Protocol):
    """Where people take the steps of an incident; `linkage.steps.desk.IncidentDesk`."""

    async def take(self, incident_id: str, ask: Ask) -> object:
        """Raises StaleVersion, StepNotAllowed, NoSuchIncident or StoreBusy."""
        ...


class Changes(Protocol):
    """Says when incidents have changed; `linkage.changes.Changes`."""

    async def wait_beyond(self, position: int) -> int:
        """Return once there are incident events above `position`, with the newest known."""
        ...

    def notify(self, position: int) -> None:
        """There are incident events up to `position`."""
        ...


class Log(Protocol):
    """Where alarms come in; `alarms.log.AlarmLog`."""

    async def append(self, new: Sequence[NewAlarm]) -> list[Appended]: ...


class EvidenceFolder(Protocol):
    """Where pictures are kept; `linkage.evidence.EvidenceFolder`."""

    async def read(self, file: str) -> bytes:
        """The picture's bytes. Raises linkage.errors.NoSuchPicture."""
        ...

    def path_of(self, file: str) -> Path:
        """Where a file lies, whether it is there or not. Raises linkage.errors.NoSuchPicture."""
        ...


class Eyes(Protocol):
    """The cameras, as far as people ask them for a picture."""

    async def snapshot(self, camera_id: str, *, timeout_s: float) -> bytes:
        """A JPEG of now, privacy zones masked. Raises camerad.errors.NoSnapshot."""
        ...

    def live(self, camera_id: str, *, film: bool) -> AbstractContextManager[LiveFeed]:
        """What a camera shows from now on, privacy zones masked. Raises camerad.errors.NoLive."""
        ...

    def taken_up(self, camera_id: str) -> Camera | None:
        """The camera as its worker watches and masks it now; None where no worker does."""
        ...


class CameraEvents(Protocol):
    """What cameras say of themselves; `linkage.camera_events.watch.CameraEvents`."""

    def health(self, camera_id: str) -> EventsHealth | None:
        """How it stands with a camera's events; None where they are not listened to."""
        ...

    def inputs(self, camera_id: str) -> Mapping[str, bool]:
        """Its digital inputs by token, as far as it spoke of them: active or not."""
        ...

    @property
    def dead(self) -> Sequence[DeadButton]:
        """The wired buttons whose press would not be heard."""
        ...

    async def relays(self, camera_id: str) -> Sequence[RelayOutput]:
        """The relays that the camera has, as it says now. Raises CameradError."""
        ...

    async def presets(self, camera_id: str) -> Sequence[Preset]:
        """Where the camera can be turned to, as it says now. Raises CameradError."""
        ...

    def look_now(self) -> None:
        """What is wired has changed."""
        ...


@dataclass(frozen=True)
class ComponentStatus:
    """How one part of the program is."""

    up: bool
    since: datetime
    detail: str


@dataclass(frozen=True)
class SystemStatus:
    """How the parts are that every console must know of."""

    intake: ComponentStatus
    store: ComponentStatus
    broker: str
    """`embedded` or `outside`."""


@dataclass(frozen=True)
class SiteFacts:
    """What the pages say about where they are."""

    name_zh: str
    name_en: str
    time_zone: str
    version: str
    demo_button_page: str | None = None
    county: str = ""
    """Where the town lies; empty where the settings do not say."""
    township: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def _unknown_disk() -> Disk | None:
    return None


@dataclass(frozen=True)
class Ports:
    """All of it."""

    database: Database
    clock: Clock
    log: Log
    desk: Desk
    changes: Changes
    evidence: EvidenceFolder
    eyes: Eyes
    camera_health: Callable[[], Mapping[str, CameraHealth]]
    """How each watched camera is, at this moment and without waiting."""
    system_status: Callable[[], SystemStatus]
    readiness: Callable[[], Sequence[str]]
    """Why no press can be taken now, one sentence each; empty when presses can be taken."""
    site: SiteFacts
    box: SealedBox
    metrics: CollectorRegistry
    audit: Audit
    passwords: Passwords
    closing_check: ClosingCheck
    response_plans: ResponsePlanDesk
    station: StationDesk
    enrolment: EnrolmentDesk
    ledgers: LedgerKeeper
    eraser: ErasingDesk
    custody: CustodyDesk
    photographs: PhotographDesk
    telling: TellingDesk
    cameras: CameraNetwork
    looks: LookRegister
    accounts: AccountSettings = AccountSettings()  # noqa: RUF009 - frozen
    """Who must have a second factor, and when screens lock themselves."""
    live: LiveSettings = LiveSettings()  # noqa: RUF009 - frozen
    """How long a look lasts, and how many there may be at once."""
    camera_events: CameraEvents | None = None
    """None: nobody listens to what cameras say of themselves."""
    policy: PolicyInForce = PolicyInForce()  # noqa: RUF009 - frozen
    """The rules and escalation plans by which alarms are decided on."""
    disk: Callable[[], Disk | None] = _unknown_disk
    """What the disk under the evidence has left; None when nobody can say. May take a moment."""
    zones: ZoneDefaults = ZoneDefaults()  # noqa: RUF009 - frozen
    """What holds where a zone leaves something out."""
    ways: Ways = USUAL_WAYS
    """How long sirens sound."""
    days: WorkingDays = PLAIN_WEEK
    """Holidays, and the weekends worked for them."""
    flood: FloodPolicy = FloodPolicy()  # noqa: RUF009 - frozen
    """When the board says that cameras flood it."""
    test_every_s: float = TEST_EVERY_S
    """A button whose last test is older counts as not tested."""
    model_village: float = MODEL_VILLAGE
    """Share of its households from which a village counts as 示范村."""
    tiles: Tiles | None = None
    """Whose tiles lie under the map; None: nothing outside is asked for anything."""
    camera_range_m: float = USUAL_RANGE_M
    """How far a camera is taken to see of which nobody said so."""
