"""How often a password may be tried. Pure: it is told the time.

Counted per account and per address, in memory: a restart forgets it, which costs an attacker
more than it gives. The waits are capped so that nobody can shut the duty officer out for long.
"""

from collections import OrderedDict
from dataclasses import dataclass

ACCOUNT_FREE_TRIES = 5
# a whole office may come from one address
ADDRESS_FREE_TRIES = 20
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 120.0
FORGOTTEN_AFTER_S = 15 * 60.0
# names are the caller's to choose; the oldest are forgotten first when there are too many
_REMEMBERED = 10_000


@dataclass
class _Tries:
    failed: int = 0
    last_s: float = 0.0
    shut_until_s: float = 0.0


class SignInGate:
    """Counts failures. A try counts as failed from its start until it is told to have succeeded,
    so that tries made at the same time do not slip through."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def enter(self, username: str, address: str, *, now_s: float) -> float | None:
        """None when the try may go on; else the seconds to wait. `now_s` is monotonic."""
        account, place = (self._of(key, now_s) for key in _keys(username, address))
        wait_s = max(account.shut_until_s, place.shut_until_s) - now_s
        if wait_s > 0:
            return wait_s
        _count(account, ACCOUNT_FREE_TRIES, now_s)
        _count(place, ADDRESS_FREE_TRIES, now_s)
        return None

    def succeeded(self, username: str, address: str) -> None:
        """The try that entered was right: the account's failures are forgotten, and this try is
        taken back from the address."""
        account, place = _keys(username, address)
        self._tries.pop(account, None)
        tries = self._tries.get(place)
        if tries is not None:
            tries.failed -= 1
            tries.shut_until_s = 0.0

    def taken_back(self, username: str, address: str) -> None:
        """The try that entered was neither right nor wrong (the code is still to come): it alone
        is forgotten, so that it opens no way around what was counted before."""
        for key in _keys(username, address):
            tries = self._tries.get(key)
            if tries is not None:
                tries.failed -= 1
                tries.shut_until_s = 0.0

    def _of(self, key: str, now_s: float) -> _Tries:
        tries = self._tries.pop(key, None)
        if tries is None or now_s - tries.last_s > FORGOTTEN_AFTER_S:
            tries = _Tries(last_s=now_s)
        self._tries[key] = tries
        while len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        return tries


def _count(tries: _Tries, free: int, now_s: float) -> None:
    tries.failed += 1
    tries.last_s = now_s
    beyond = tries.failed - free
    if beyond >= 0:
        tries.shut_until_s = now_s + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(beyond, 10))


def _keys(username: str, address: str) -> tuple[str, str]:
    return f"account {username}", f"address {address}"
