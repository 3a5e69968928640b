"""Would a camera give its stream, and if not, why? One RTSP DESCRIBE over a plain socket tells.

OpenCV says only that opening failed; a wrong password, a wrong path, a hung camera and an
unplugged one need different people. And it lets one dead camera hold up the opening of all others,
so a camera is asked here first. Blocking, for a camera's own thread. No media is read here.
"""

import base64
import contextlib
import hashlib
import re
import secrets
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from camerad.stream_address import checked, host_and_port, without_login

ANSWER_LIMIT = 64 * 1024
_STATUS_LINE = re.compile(rb"RTSP/\d\.\d (\d{3})")
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_HASHES = {"": "md5", "MD5": "md5", "SHA-256": "sha256"}


@dataclass(frozen=True)
class Outage:
    """Why a camera is not being watched: a word of `CameraHealth.reason`, and a sentence."""

    reason: str
    detail: str
    login_refused: bool = False
    """Trying again soon is harmful: many cameras lock an account after a few wrong passwords."""
    stalled: bool = False
    """Trying again soon hurts the others: it holds up their opening (see `capture`)."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]

    def challenges(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for name, value in self.headers:
            if name == "www-authenticate":
                scheme, _, rest = value.partition(" ")
                parameters = {k.lower(): a or b for k, a, b in _PARAMETER.findall(rest)}
                found.setdefault(scheme.lower(), parameters)
        return found


class _NonsenseError(Exception):
    """The peer spoke, and it was not RTSP."""


def probe(
    uri: str, username: str | None, password: str | None, *, timeout_s: float
) -> Outage | None:
    """Ask for the description of `uri`, logging in when asked to; None when the camera gives it.

    Connecting and asking may each take `timeout_s`. Raises CameraTalksNonsense for a bad address.
    """
    checked(uri)
    try:
        with _connect(uri, timeout_s) as peer:
            deadline = time.monotonic() + timeout_s
            return _judge(peer, uri, username, password, deadline)
    except TimeoutError:
        return Outage(
            "unreachable", "摄像机在其地址上没有应答。 / The camera does not answer on its address."
        )
    except OSError as refused:
        why = refused.strerror or "name not found"
        return Outage("unreachable", f"连不上摄像机：{why}。 / No connection to the camera: {why}.")


def _connect(uri: str, timeout_s: float) -> socket.socket:
    peer = socket.create_connection(host_and_port(uri), timeout=timeout_s)
    if urlsplit(uri).scheme != "rtsps":
        return peer
    # cameras carry self-signed certificates; FFmpeg does not verify them either
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(peer)


def _judge(
    peer: socket.socket, uri: str, username: str | None, password: str | None, deadline: float
) -> Outage | None:
    bare = without_login(uri)
    try:
        answer = _describe(peer, bare, 1, None, deadline)
        if answer.status == 401 and username:
            login = _login(answer.challenges(), bare, username, password or "")
            answer = _describe(peer, bare, 2, login, deadline)
    except TimeoutError:
        return Outage(
            "hung",
            "摄像机接受了连接，但不应答。 / The camera takes the connection but does not answer.",
        )
    except _NonsenseError:
        return Outage(
            "nonsense",
            "该地址上的应答不是 RTSP。 / What answers at the camera's address does not speak RTSP.",
        )
    except OSError:
        return Outage(
            "unreachable",
            "摄像机未应答就断开了连接。 / The camera closed the connection without an answer.",
        )
    return _verdict(answer.status, has_login=bool(username))


def _verdict(status: int, *, has_login: bool) -> Outage | None:
    if status in (401, 403) and has_login:
        detail = (
            "摄像机的码流不接受该用户名和密码。 / "
            "The camera refuses this user name and password for its stream."
        )
        return Outage("refused", detail, login_refused=True)
    if status in (401, 403):
        detail = (
            "摄像机的码流需要用户名和密码。 / "
            "The camera wants a user name and password for its stream."
        )
        return Outage("refused", detail, login_refused=True)
    if status == 404:
        return Outage(
            "refused",
            "摄像机在该地址没有码流（404）。 / The camera has no stream at this address (404).",
        )
    if status == 200:
        return None
    return Outage(
        "refused",
        f"摄像机拒绝给出码流（RTSP {status}）。 / "
        f"The camera refuses its stream with RTSP status {status}.",
    )


def _describe(
    peer: socket.socket, uri: str, cseq: int, login: str | None, deadline: float
) -> _Answer:
    lines = [f"DESCRIBE {uri} RTSP/1.0", f"CSeq: {cseq}", "Accept: application/sdp"]
    if login:
        lines.append(f"Authorization: {login}")
    peer.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return _read_answer(peer, deadline)


def _read_answer(peer: socket.socket, deadline: float) -> _Answer:
    """One answer with its body read away; garbage and floods are nonsense, silence times out."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(peer, deadline)
        if not b"RTSP/".startswith(data[:5]) or len(data) > ANSWER_LIMIT:
            raise _NonsenseError
    head, _, body = data.partition(b"\r\n\r\n")
    status = _STATUS_LINE.match(head)
    if status is None:
        raise _NonsenseError
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    length = dict(headers).get("content-length", "0")
    if not length.isdecimal() or int(length[:9]) > ANSWER_LIMIT:
        raise _NonsenseError
    while len(body) < int(length):
        body += _receive(peer, deadline)
    return _Answer(int(status[1]), headers)


def _receive(peer: socket.socket, deadline: float) -> bytes:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    peer.settimeout(left_s)
    data = peer.recv(4096)
    if not data:
        raise ConnectionResetError
    return data


def _login(
    challenges: dict[str, dict[str, str]], uri: str, username: str, password: str
) -> str | None:
    """The Authorization header for the strongest challenge we can meet; None when there is none."""
    digest = challenges.get("digest")
    if digest is not None and digest.get("algorithm", "").upper() in _HASHES:
        return _digest(digest, uri, username, password)
    if "basic" in challenges:
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    return None


def _digest(challenge: dict[str, str], uri: str, username: str, password: str) -> str:
    realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
    algorithm = challenge.get("algorithm", "")

    def hashed(text: str) -> str:
        return hashlib.new(_HASHES[algorithm.upper()], text.encode()).hexdigest()

    user, action = hashed(f"{username}:{realm}:{password}"), hashed(f"DESCRIBE:{uri}")
    fields = [f'username="{username}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if "auth" in re.split(r"[,\s]+", challenge.get("qop", "")):
        count, own = "00000001", secrets.token_hex(8)
        response = hashed(f"{user}:{nonce}:{count}:{own}:auth:{action}")
        fields += ["qop=auth", f"nc={count}", f'cnonce="{own}"']
    else:
        response = hashed(f"{user}:{nonce}:{action}")
    fields.append(f'response="{response}"')
    with contextlib.suppress(KeyError):
        fields.append(f'opaque="{challenge["opaque"]}"')
    if algorithm:
        fields.append(f"algorithm={algorithm}")
    return "Digest " + ", ".join(fields)
