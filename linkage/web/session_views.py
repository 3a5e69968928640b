"""The shapes that a console reads when it begins: who signed in, and where it is."""

from msgspec import Struct


class Site(Struct, frozen=True, kw_only=True):
    name_zh: str
    name_en: str
    county: str
    """Empty where the settings do not say; the township alike."""
    township: str
    time_zone: str


class Demo(Struct, frozen=True, kw_only=True):
    button_page: str


class MySecondFactor(Struct, frozen=True, kw_only=True):
    enrolled: bool
    policy: str | None
    """`offered` or `required` where the role configures or exports; null where it does neither."""
    recovery_left: int
    """Recovery codes that were not used yet."""


class Me(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
    role: str
    places: list[str]
    permissions: list[str]
    """Without those that wait for a second factor."""
    second_factor: MySecondFactor | None
    """None: a machine has none."""
    account_ends: str | None
    """The account ends by itself then."""
    locked: bool
    """This session's screen is locked."""
    lock_after_s: float
    """The page locks itself when nobody touched it for so long; 0: never."""
    site: Site
    demo: Demo | None
    version: str
