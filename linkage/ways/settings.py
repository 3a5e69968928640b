"""The ways out (config/notify.toml): webhooks, sirens, loudspeakers. Reads and checks the file.

Without the file there are no webhooks, and sirens and loudspeakers have their usual times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from alarms.model import LIFE_SAFETY_KINDS, AlarmKind
from linkage.loopback import stays_here
from linkage.secret_files import read_secret
from linkage.strict_toml import Duration, Where, load
from linkage.ways.signing import secret_of

LONGEST_SIREN_S = 900.0


class Use(StrEnum):
    """What a webhook is for; one that is for nothing is told by escalation steps only."""

    STATION = "station"
    """The police station's call handling (接处警): told of each incident, and asked to confirm."""
    INCIDENTS = "incidents"
    """Another platform that is told of each incident; nothing is asked of it."""


@dataclass(frozen=True)
class Webhook:
    """One receiver of webhooks."""

    name: str
    url: str
    secret: bytes = field(repr=False)
    uses: frozenset[Use] = frozenset()
    kinds: frozenset[AlarmKind] = frozenset()
    """Empty: all; for a station those on which a life may hang."""
    places: frozenset[str] = frozenset()
    """Village ids; empty: all, also unknown places."""
    timeout_s: float = 5.0
    deadline_s: float = 7200.0
    confirm_within_s: float = 30.0
    telephone: str | None = None
    ca_file: Path | None = None
    batch: bool = False
    """Events that go out at the same moment share a POST."""

    @cached_property
    def use(self) -> Use | None:
        """The use that it is told of incidents for; a station's goes before."""
        return next((use for use in Use if use in self.uses), None)

    def wants(self, kind: AlarmKind, village_id: str | None) -> bool:
        """Whether it is told of an incident of this kind there when that opens or rings again."""
        if not self.uses or (self.places and village_id not in self.places):
            return False
        if self.kinds:
            return kind in self.kinds
        return self.use is not Use.STATION or kind in LIFE_SAFETY_KINDS


@dataclass(frozen=True)
class Siren:
    lasts_s: float = 180.0


@dataclass(frozen=True)
class Loudspeaker:
    repeat: int = 3
    lasts_s: float = 120.0
    """After it a phrase that was not said yet is not said any more."""


@dataclass(frozen=True)
class Ways:
    """All of it."""

    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    siren: Siren = Siren()
    loudspeaker: Loudspeaker = Loudspeaker()


USUAL_WAYS = Ways()
"""Where no file says otherwise."""

_Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{1,64}\Z")]


class _Webhook(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: _Name
    url: str
    secret_file: str
    uses: list[Use] = msgspec.field(default_factory=list, name="for")
    kinds: list[AlarmKind] = msgspec.field(default_factory=list)
    places: list[str] = msgspec.field(default_factory=list)
    timeout: Duration = Duration(5.0)
    deadline: Duration = Duration(7200.0)
    confirm_within: Duration = Duration(30.0)
    telephone: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    ca_file: str | None = None
    batch: bool = False


class _Siren(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    lasts: Duration = Duration(180.0)


class _Loudspeaker(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    repeat: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    lasts: Duration = Duration(120.0)


class NotifyFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`notify.toml`."""

    webhook: list[_Webhook] = msgspec.field(default_factory=list)
    siren: _Siren = msgspec.field(default_factory=_Siren)
    loudspeaker: _Loudspeaker = msgspec.field(default_factory=_Loudspeaker)


def load_ways(path: Path) -> Ways:
    """The ways in the file; the built-in ones when there is no such file. Raises BadSettings."""
    if not path.exists():
        return USUAL_WAYS
    raw = load(path, NotifyFile)
    file = Where(str(path))
    webhooks: dict[str, Webhook] = {}
    for number, one in enumerate(raw.webhook):
        where = file.table("webhook", number, one.name)
        if one.name in webhooks:
            raise where.wrong("name", "有两个同名", f"there are two webhooks named {one.name!r}")
        webhooks[one.name] = _webhook(one, path.parent, where)
    _between(raw.siren.lasts, 1.0, LONGEST_SIREN_S, file, "siren.lasts")
    if raw.loudspeaker.lasts < 1:
        raise file.wrong("loudspeaker.lasts", '至少 "1s"', 'expected at least "1s"')
    return Ways(
        webhooks=webhooks,
        siren=Siren(float(raw.siren.lasts)),
        loudspeaker=Loudspeaker(raw.loudspeaker.repeat, float(raw.loudspeaker.lasts)),
    )


def _webhook(raw: _Webhook, folder: Path, where: Where) -> Webhook:
    _refuse_open_line(raw.url, where)
    _between(raw.timeout, 0.1, 30.0, where, "timeout")
    _between(raw.deadline, 10.0, 86400.0, where, "deadline")
    _between(raw.confirm_within, 1.0, 600.0, where, "confirm_within")
    ca_file = None if raw.ca_file is None else (folder / raw.ca_file).resolve()
    if ca_file is not None:
        _must_be_readable(ca_file, where, "ca_file")
    return Webhook(
        name=raw.name,
        url=raw.url,
        secret=_secret((folder / raw.secret_file).resolve(), where),
        uses=frozenset(raw.uses),
        kinds=frozenset(raw.kinds),
        places=frozenset(raw.places),
        timeout_s=float(raw.timeout),
        deadline_s=float(raw.deadline),
        confirm_within_s=float(raw.confirm_within),
        telephone=raw.telephone,
        ca_file=ca_file,
        batch=raw.batch,
    )


def _secret(path: Path, where: Where) -> bytes:
    key = "secret_file"
    text = read_secret(path, where, key)
    try:
        return secret_of(text)
    except ValueError as error:
        raise where.wrong(key, f"{path}: 密钥不能用", str(error)) from error


def _must_be_readable(path: Path, where: Where, key: str) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise where.wrong(key, "读不到文件", f"cannot read {path}: {error.strerror}") from error


def _between(value: float, least: float, most: float, where: Where, key: str) -> None:
    if not least <= value <= most:
        between = f'"{least:g}s"', f'"{most:g}s"'
        raise where.wrong(
            key, "应为 {} 到 {}".format(*between), "expected {} to {}".format(*between)
        )


def _refuse_open_line(url: str, where: Where) -> None:
    """Households' data leaves this machine only under TLS."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise where.wrong("url", "不是网址", f"{url!r} is not an address: {error}") from error
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise where.wrong(
            "url",
            "应为 https://host/path，不带用户名",
            f"expected https://host/path without a login, got {url!r}",
        )
    if parts.scheme == "http" and not stays_here(host):
        raise where.wrong(
            "url", "没有 TLS 加密，请用 https", f"{url!r} would go out without TLS: use https"
        )
