"""Stream addresses: what is allowed in one, and putting a login in and out of it.

A pure module. Opening a stream belongs to `capture`, asking a camera why it refuses to
`rtsp_probe`.
"""

from urllib.parse import quote, urlsplit, urlunsplit

from camerad.errors import CameraTalksNonsense

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}


def checked(uri: str) -> str:
    """`uri` itself when it is a usable RTSP address.

    A camera hands these out, and FFmpeg would as gladly open `file:` or `concat:`.
    Raises CameraTalksNonsense.
    """
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in uri):
        raise CameraTalksNonsense("The stream address holds blanks or control characters.")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as wrong:
        raise CameraTalksNonsense("The stream address cannot be read.") from wrong
    if parts.scheme not in DEFAULT_PORTS or not host or port == 0:
        raise CameraTalksNonsense("The stream address is not of the form rtsp://host/path.")
    return uri


def without_login(uri: str) -> str:
    """`uri` without user name and password, fit to be logged."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def with_login(uri: str, username: str | None, password: str | None) -> str:
    """`uri` with the login percent-encoded into it: a secret from then on, never to be logged."""
    if not username:
        return uri
    bare = urlsplit(without_login(uri))
    login = f"{quote(username, safe='')}:{quote(password or '', safe='')}"
    return urlunsplit(bare._replace(netloc=f"{login}@{bare.netloc}"))


def host_and_port(uri: str) -> tuple[str, int]:
    """Where to connect for `uri`, which has been `checked`."""
    parts = urlsplit(uri)
    return parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
