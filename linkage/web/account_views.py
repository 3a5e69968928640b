"""The shapes of people's accounts in the API: their own, and everybody's for who manages them."""

from msgspec import Struct


class SessionItem(Struct, frozen=True, kw_only=True):
    id: str
    username: str
    display_name: str
    began: str
    seen: str
    """When it was last heard of, to about five minutes."""
    ends: str
    """Unless it is used again; with its account at the latest."""
    address: str
    browser: str
    locked: bool
    mine: bool
    """It is the one that asks."""


class SessionList(Struct, frozen=True, kw_only=True):
    items: list[SessionItem]


class SecondFactor(Struct, frozen=True, kw_only=True):
    enrolled_since: str | None
    """None: there is none."""
    recovery_left: int
    policy: str | None
    """`offered` or `required` where the role configures or exports; null where it does neither."""


class NewSecret(Struct, frozen=True, kw_only=True):
    """Shown once. It counts from when a code of it was confirmed."""

    secret: str
    """To be typed into an app where no code can be photographed."""
    uri: str
    qr: str
    """The same as a picture: `data:image/svg+xml…`."""


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Shown once; each is good for one sign-in."""

    codes: list[str]


class AccountItem(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
    unit: str
    role: str
    places: list[str]
    enabled: bool
    created: str
    ends: str | None
    """It ends by itself then."""
    ended: bool
    second_factor: bool
    second_factor_policy: str | None
    """As in one's own `SecondFactor`."""
    sessions: int
    """That are open now."""
    seen: str | None
    """When one of those was last heard of."""


class AccountList(Struct, frozen=True, kw_only=True):
    items: list[AccountItem]
    roles: list[str]
    villages: dict[str, str]
    """Where accounts may be limited to: id to name."""
