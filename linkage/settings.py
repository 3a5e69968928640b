"""The settings files under `config/`: what `site.toml` may say, and all files read together.

Policy lives in files, the registry in the store. Every key is in docs/configuration.md; a test
holds the two against each other. Relative paths are relative to the settings folder.
"""

import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from camerad.ask_targets import addresses_in
from camerad.errors import BadTargets
from camerad.working_days import PLAIN_WEEK, WorkingDays
from linkage.accounts.settings import AccountSettings
from linkage.accounts.settings import mistakes_in as mistakes_in_accounts
from linkage.custody.settings import EvidenceSettings
from linkage.custody.settings import mistakes_in as mistakes_in_evidence
from linkage.database_url import mistake_in
from linkage.detection_settings import DetectionPolicy, load_detection
from linkage.errors import BadSettings
from linkage.escalation.plan_file import load_plans
from linkage.escalation.plans import Plans
from linkage.holidays import load_holidays
from linkage.ledgers.settings import LedgerSettings
from linkage.looking.settings import LiveSettings
from linkage.looking.settings import mistakes_in as mistakes_in_live
from linkage.mapping.settings import MapSettings
from linkage.mapping.settings import mistakes_in as mistakes_in_map
from linkage.registry.coverage import MODEL_VILLAGE
from linkage.rules.file import load_rules
from linkage.rules.model import Rules
from linkage.secret_files import read_secret
from linkage.steps.checks import ClosingCheck
from linkage.strict_toml import Duration, Where, load
from linkage.supervision.settings import SupervisionSettings
from linkage.supervision.settings import mistakes_in as mistakes_in_supervision
from linkage.ways.settings import USUAL_WAYS, Ways, load_ways

_SHORTEST_KEEP_S, _LONGEST_KEEP_S = 3600.0, 366 * 86400.0

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
PlaceName = Annotated[str, msgspec.Meta(max_length=100)]
TopicPrefix = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,32}\Z")]
NodeName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,32}\Z")]


class Site(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[site]`: which town this is."""

    name_zh: Name
    name_en: Name
    county: PlaceName = ""
    """县（市、区）, at the top of the tree of places; left out: not shown."""
    township: PlaceName = ""
    """乡镇（街道）, below it; left out: the tree shows what the centre is called."""
    time_zone: str = "Asia/Shanghai"
    node: NodeName = "main"
    """This server's name: part of its MQTT client id and the writer of its hash chains."""


class DatabaseSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[database]`."""

    url: str = "sqlite:///../data/lianfang.db"
    """SQLAlchemy URL; a relative SQLite path is relative to this folder."""
    url_file: str | None = None
    """A file that holds the URL instead, where it contains a password."""


class DataSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[data]`: folders and keys."""

    evidence_folder: str = "../data/evidence"
    site_key_file: str = "../data/site.key"
    erasure_list_file: str = "../data/erased.jsonl"


class MqttSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[mqtt]`: the broker, our own embedded one or one outside."""

    embedded: bool = False
    host: str = "127.0.0.1"
    port: Port = 1883
    prefix: TopicPrefix = "lianfang"
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    mosquitto_folder: str | None = None
    """Where `lianfang broker mosquitto-config` wrote: the devices' logins there are kept as they
    must be; left out: run the command again."""


class ConsoleSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[console]`: where the web console listens."""

    host: str = "127.0.0.1"
    port: Port = 8080


class CameraSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[cameras]`: finding and watching."""

    discover: bool = True
    interfaces: list[str] | None = None
    """IPv4 addresses of the network interfaces to look on; left out: all."""
    ask: list[str] = []
    """Private addresses, ranges and networks asked one by one, where multicast does not reach."""
    ask_per_second: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Camera worker processes; 0: as many as processor cores."""
    events: bool = True
    """Whether the cameras' own events are listened to: without them no wired button is heard."""


class IncidentSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[incidents]`: how incidents are handled here."""

    closing_check: ClosingCheck = ClosingCheck.OTHER_THAN_RESPONDER


class DutySettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[duty]`: when an empty chair or a gap in the rota becomes an alarm."""

    gap_warning: Duration = Duration(12 * 3600.0)
    """How long before a gap in the rota begins."""
    empty_chair_after: Duration = Duration(10.0)
    """How long somebody may hide or mute the page; one that said nothing for 30 s is empty at
    once."""
    first_sign_in_within: Duration = Duration(600.0)
    """After the start, where no console was ever attended."""


class RegistrySettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[registry]`: the household net."""

    model_village: Annotated[float, msgspec.Meta(gt=0, le=1)] = MODEL_VILLAGE
    """Share of its households from which a village counts as 示范村."""


class EnrolmentSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[enrolment]`: what labels say, and how long a rotated device may use what it had."""

    overlap: Duration = Duration(7 * 86400.0)
    host: Name | None = None
    """Where devices find the broker; left out: `mqtt.host`."""
    port: Port | None = None
    """Left out: `mqtt.port`."""
    tls: bool | None = None
    """Left out: as `mqtt.ca_file` has it."""


class MotionSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[motion]`: what moved in motion zones, kept as evidence."""

    keep: Duration = Duration(30 * 86400.0)


class SiteFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`site.toml`."""

    site: Site
    database: DatabaseSettings = DatabaseSettings()
    data: DataSettings = DataSettings()
    mqtt: MqttSettings = MqttSettings()
    console: ConsoleSettings = ConsoleSettings()
    accounts: AccountSettings = AccountSettings()
    cameras: CameraSettings = CameraSettings()
    duty: DutySettings = DutySettings()
    incidents: IncidentSettings = IncidentSettings()
    supervision: SupervisionSettings = SupervisionSettings()
    registry: RegistrySettings = RegistrySettings()
    enrolment: EnrolmentSettings = EnrolmentSettings()
    ledgers: LedgerSettings = LedgerSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    live: LiveSettings = LiveSettings()
    motion: MotionSettings = MotionSettings()
    map: MapSettings = MapSettings()


@dataclass(frozen=True)
class Settings:
    """Everything under one settings folder, decoded and checked."""

    folder: Path
    file: SiteFile
    rules: Rules
    plans: Plans
    ways: Ways = USUAL_WAYS
    days: WorkingDays = PLAIN_WEEK
    """Holidays, and the weekends worked for them."""
    detection: DetectionPolicy = DetectionPolicy()  # noqa: RUF009 - frozen
    """Defaults of zones, and the second look."""

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.file.site.time_zone)

    @property
    def database_url(self) -> str:
        """The database's URL with an absolute path. Raises BadSettings."""
        database = self.file.database
        if database.url_file is not None:
            url = self.secret(database.url_file, key="database.url_file")
            _refuse_url(url, self._where, "database.url_file")
            return url
        head = "sqlite:///"
        if database.url.startswith(head) and not database.url.startswith(f"{head}/"):
            return head + str(self.path(database.url.removeprefix(head)))
        return database.url

    @property
    def evidence_folder(self) -> Path:
        return self.path(self.file.data.evidence_folder)

    @property
    def site_key_file(self) -> Path:
        return self.path(self.file.data.site_key_file)

    @property
    def erasure_list_file(self) -> Path:
        return self.path(self.file.data.erasure_list_file)

    def path(self, text: str) -> Path:
        """A path of a settings file, relative to its folder."""
        return (self.folder / text).resolve()

    def secret(self, file: str, *, key: str) -> str:
        """The text of a secret's file. Raises BadSettings when it cannot be read."""
        return read_secret(self.path(file), self._where, key)

    @property
    def _where(self) -> Where:
        return Where(str(self.folder / "site.toml"))


def shipped_folder() -> Path:
    """Where the settings files that come with the program are: in a checkout, or as installed."""
    checkout = Path(__file__).resolve().parents[1] / "config"
    installed = Path(sysconfig.get_path("data")) / "share" / "lianfang" / "config"
    return checkout if (checkout / "site.toml").is_file() else installed


def _refuse_url(url: str, where: Where, key: str) -> None:
    mistake = mistake_in(url)
    if mistake is not None:
        raise where.wrong(key, *mistake)


def load_settings(folder: Path) -> Settings:
    """Read every settings file of a folder. Raises BadSettings with one clear sentence."""
    if not folder.is_dir():
        raise BadSettings(
            f"{folder}: 不是设置文件夹，请用 --config 指定 site.toml 所在的文件夹 / "
            "is not a folder of settings: give --config the folder that holds site.toml"
        )
    file = load(folder / "site.toml", SiteFile)
    where = Where(str(folder / "site.toml"))
    try:
        ZoneInfo(file.site.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise where.wrong(
            "site.time_zone",
            '没有这个时区，应为 "Asia/Shanghai" 之类',
            f'{file.site.time_zone!r} is no IANA time zone: write one such as "Asia/Shanghai"',
        ) from error
    if file.database.url_file is None:
        _refuse_url(file.database.url, where, "database.url")
    for key, zh, en in mistakes_in_supervision(file.supervision):
        raise where.wrong(f"supervision.{key}", zh, en)
    for key, zh, en in mistakes_in_evidence(file.evidence):
        raise where.wrong(f"evidence.{key}", zh, en)
    for key, zh, en in mistakes_in_accounts(file.accounts):
        raise where.wrong(f"accounts.{key}", zh, en)
    for key, zh, en in mistakes_in_live(file.live):
        raise where.wrong(f"live.{key}", zh, en)
    for key, zh, en in mistakes_in_map(file.map):
        raise where.wrong(f"map.{key}", zh, en)
    if not _SHORTEST_KEEP_S <= file.motion.keep <= _LONGEST_KEEP_S:
        raise where.wrong(
            "motion.keep",
            "应在 1 小时到 366 天之间",
            'must be between one hour and 366 days, such as "30d"',
        )
    try:
        addresses_in(file.cameras.ask)
    except BadTargets as error:
        zh, _, en = str(error).partition(" / ")
        raise where.wrong("cameras.ask", zh, en) from error
    ways = load_ways(folder / "notify.toml")
    plans = load_plans(folder / "escalation.toml", ways.webhooks)
    days = load_holidays(folder / "holidays.toml")
    rules = replace(load_rules(folder / "rules.toml", plans), days=days)
    detection = load_detection(folder / "detection.toml")
    return Settings(
        folder=folder,
        file=file,
        rules=rules,
        plans=plans,
        ways=ways,
        days=days,
        detection=detection,
    )
