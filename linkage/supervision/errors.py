"""What can go wrong with a maintenance order.

SupervisionError
├── NoSuchOrder      it is not there, or not in the caller's places
└── OrderRefused     what was asked cannot be; the text says why, in both languages
"""


class SupervisionError(Exception):
    """Of this room."""


class NoSuchOrder(SupervisionError):
    """The order is not there, or not in the caller's places."""


class OrderRefused(SupervisionError):
    """What was asked cannot be."""
