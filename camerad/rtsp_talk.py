"""Speaking RTSP to a camera over a plain socket: requests, answers, logging in. Blocking.

No media is read here beyond noticing that it comes, and nothing is judged: that is `rtsp_probe`'s.
"""

import base64
import contextlib
import hashlib
import re
import secrets
import socket
import ssl
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from camerad.stream_address import host_and_port, without_login

ANSWER_LIMIT = 64 * 1024
_STATUS_LINE = re.compile(rb"RTSP/\d\.\d (\d{3})")
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')
_HASHES = {"": "md5", "MD5": "md5", "SHA-256": "sha256"}
_ANSWER = b"RTSP/1."
_INTERLEAVED, _MEDIA = b"$", b"$\0"


class NotRtspError(Exception):
    """The peer spoke, and it was not RTSP."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)

    def challenges(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for name, value in self.headers:
            if name == "www-authenticate":
                scheme, _, rest = value.partition(" ")
                parameters = {k.lower(): a or b for k, a, b in _PARAMETER.findall(rest)}
                found.setdefault(scheme.lower(), parameters)
        return found


class Talk:
    """One connection to a camera; use as a context manager.

    Every wait of a `request` counts against one `until_s` of the monotonic clock. Raises
    TimeoutError, OSError and NotRtspError.
    """

    def __init__(
        self, uri: str, username: str | None, password: str | None, *, timeout_s: float
    ) -> None:
        """Connect to the host of `uri`, which has been checked."""
        self._username, self._password = username, password or ""
        self._challenges: dict[str, dict[str, str]] = {}
        self._cseq = 0
        self._data = b""
        self.until_s = time.monotonic() + timeout_s
        self._peer = _connect(uri, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._peer.close()

    def request(self, method: str, uri: str, *lines: str) -> Answer:
        """Ask, logging in when asked to; the answer."""
        uri = without_login(uri)
        answer = self._ask(method, uri, lines)
        if answer.status == 401 and self._username:
            self._challenges = answer.challenges()
            answer = self._ask(method, uri, lines)
        return answer

    def until_media(self) -> None:
        """Return when something of the stream's channel 0 has come."""
        while not self._data.startswith(_MEDIA):
            rest = _after_first(self._data)
            if rest is None:
                self._data += self._receive()
            else:
                self._data = rest
            if len(self._data) > ANSWER_LIMIT + 4:
                raise NotRtspError

    def end(self, method: str, uri: str, *lines: str) -> None:
        """Ask for the end, amid what still comes of the stream; return at the answer."""
        self._send(method, without_login(uri), lines)
        tail = b""
        while _ANSWER not in tail:
            tail = tail[-len(_ANSWER) :] + self._receive()

    def _ask(self, method: str, uri: str, lines: tuple[str, ...]) -> Answer:
        self._send(method, uri, lines)
        return self._read_answer()

    def _send(self, method: str, uri: str, lines: tuple[str, ...]) -> None:
        self._cseq += 1
        head = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._cseq}", *lines]
        login = self._login(method, uri)
        if login:
            head.append(f"Authorization: {login}")
        self._peer.sendall(("\r\n".join(head) + "\r\n\r\n").encode())

    def _read_answer(self) -> Answer:
        """One answer with its body; garbage and floods are not RTSP, silence times out."""
        data, self._data = self._data, b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
            if not b"RTSP/".startswith(data[:5]) or len(data) > ANSWER_LIMIT:
                raise NotRtspError
        head, _, body = data.partition(b"\r\n\r\n")
        status = _STATUS_LINE.match(head)
        if status is None:
            raise NotRtspError
        pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
        headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
        length = dict(headers).get("content-length", "0")
        if not length.isdecimal() or int(length[:9]) > ANSWER_LIMIT:
            raise NotRtspError
        size = int(length)
        while len(body) < size:
            body += self._receive()
        self._data = body[size:]
        return Answer(int(status[1]), headers, body[:size])

    def _receive(self) -> bytes:
        left_s = self.until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._peer.settimeout(left_s)
        data = self._peer.recv(4096)
        if not data:
            raise ConnectionResetError
        return data

    def _login(self, method: str, uri: str) -> str | None:
        """The Authorization header for the strongest challenge we can meet; None for none."""
        digest = self._challenges.get("digest")
        if digest is not None and digest.get("algorithm", "").upper() in _HASHES:
            return _digest(digest, method, uri, self._username or "", self._password)
        if "basic" in self._challenges:
            login = f"{self._username}:{self._password}".encode()
            return "Basic " + base64.b64encode(login).decode()
        return None


def _after_first(data: bytes) -> bytes | None:
    """What follows the first report or message of the camera's own; None when it is not whole."""
    if data.startswith(_INTERLEAVED):
        size = 4 + int.from_bytes(data[2:4], "big")
        return data[size:] if len(data) >= max(4, size) else None
    _, end, rest = data.partition(b"\r\n\r\n")
    return rest if end else None


def _connect(uri: str, timeout_s: float) -> socket.socket:
    peer = socket.create_connection(host_and_port(uri), timeout=timeout_s)
    if urlsplit(uri).scheme != "rtsps":
        return peer
    # cameras carry self-signed certificates; FFmpeg does not verify them either
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(peer)


def _digest(challenge: dict[str, str], method: str, uri: str, username: str, password: str) -> str:
    realm, nonce = challenge.get("realm", ""), challenge.get("nonce", "")
    algorithm = challenge.get("algorithm", "")

    def hashed(text: str) -> str:
        return hashlib.new(_HASHES[algorithm.upper()], text.encode()).hexdigest()

    user, action = hashed(f"{username}:{realm}:{password}"), hashed(f"{method}:{uri}")
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
