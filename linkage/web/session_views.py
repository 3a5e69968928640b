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


class Me(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
    role: str
    places: list[str]
    permissions: list[str]
    site: Site
    demo: Demo | None
    version: str
