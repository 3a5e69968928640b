"""The shape of a person in the API: an account, and its name."""

from msgspec import Struct


class Person(Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
