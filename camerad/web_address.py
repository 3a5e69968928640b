"""Web addresses that cameras hand out: which are usable. Pure."""

from urllib.parse import urlsplit


def is_web_address(address: str) -> bool:
    """Whether this is http(s) with a host."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
