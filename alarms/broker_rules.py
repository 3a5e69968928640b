"""Who may come in to the embedded broker, and which topics each may use there.

Nothing of amqtt: `alarms.broker` asks.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from alarms import device_topics
from alarms.errors import StoreBusy
from alarms.model import LoginOwner

log = structlog.get_logger()

OWN_LOGIN = "lianfang-service"

_LOGINS_AT_ONCE = 2
"""A login is looked up in the store, where presses look their devices up: four thousand that come
back together may not stand before a press there."""


class LoginCheck(Protocol):
    """Who may log in: the device that a right login is for, else None."""

    async def __call__(self, login: str, password: str) -> LoginOwner | None: ...


@dataclass
class DoorRules:
    """Who is admitted now, and what each of them may do. One for a broker."""

    prefix: str
    own_password: str
    may_log_in: LoginCheck
    closing: bool = False
    """Nobody is admitted any more."""
    _admitted: dict[str, LoginOwner] = field(default_factory=dict)
    """By login: as many as there are devices."""
    _let_go: int = 0
    """How often a login was: what was looked up before that may no longer be so."""
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LOGINS_AT_ONCE))

    async def admits(self, login: str | None, password: str | None) -> bool:
        """Whether this login is ours or a registered device's."""
        if not login or not password:
            return False
        if login == OWN_LOGIN:
            return secrets.compare_digest(password.encode(), self.own_password.encode())
        try:
            async with self._at_once:
                if self.closing:
                    return False
                let_go = -1
                while let_go != self._let_go:
                    let_go = self._let_go
                    admitted = await self.may_log_in(login, password)
        except StoreBusy as error:
            log.warning("broker.login_not_checked", detail=str(error))
            return False
        if admitted is not None:
            self._admitted[login] = admitted
        return admitted is not None

    def knows(self, login: str | None) -> bool:
        """Whether this login was admitted before."""
        return login == OWN_LOGIN or login in self._admitted

    def forget(self, device: str, login: str | None) -> set[str]:
        """The device's logins, or this one of them, have no rights from here on: which those are,
        as far as they came in."""
        self._let_go += 1
        gone = {
            each
            for each, owner in self._admitted.items()
            if owner.device == device and login in (None, each)
        }
        for each in gone:
            del self._admitted[each]
        return gone

    def may_publish(self, login: str | None, topic: str) -> bool:
        if login == OWN_LOGIN:
            return True
        who = self._owner(login)
        return who is not None and topic in device_topics.writes(self.prefix, who.kind, who.device)

    def may_receive(self, login: str | None, topic: str) -> bool:
        """Whether this login may subscribe to `topic`, and is given what comes there."""
        if login == OWN_LOGIN:
            return True
        who = self._owner(login)
        return who is not None and topic in device_topics.reads(self.prefix, who.kind, who.device)

    def _owner(self, login: str | None) -> LoginOwner | None:
        return None if login is None else self._admitted.get(login)
