"""Would a camera give its stream, and if not, why? One RTSP DESCRIBE over a plain socket tells.

OpenCV says only that opening failed; a wrong password, a wrong path, a hung camera and an
unplugged one need different people. And it lets one dead camera hold up the opening of all others,
so a camera is asked here first, and played until something comes.
Blocking, for a camera's own thread.
"""

import contextlib
import re
import time
from dataclasses import dataclass

from camerad.rtsp_talk import Answer, NotRtspError, Talk
from camerad.stream_address import checked, without_login

_END_S = 0.5
_PARTS = re.compile(rb"^m=", re.MULTILINE)
_CONTROL = re.compile(rb"^a=control:(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Outage:
    """Why a camera is not being watched: a word of `CameraHealth.reason`, and a sentence."""

    reason: str
    detail: str
    login_refused: bool = False
    """Trying again soon is harmful: many cameras lock an account after a few wrong passwords."""
    stalled: bool = False
    """Trying again soon hurts the others: it holds up their opening (see `capture`)."""

    @property
    def was_silent(self) -> bool:
        """It took everything and sent nothing: to be asked for media before it is opened."""
        return self.reason == "no-frames"


REFUSED = Outage(
    "refused",
    "摄像机的码流不接受该用户名和密码；若在摄像机上改过密码，请在此处也改登录。 / "
    "The camera refuses this user name and password for its stream. "
    "If it was changed in the camera, change the login here, too.",
    login_refused=True,
)


def probe(
    uri: str,
    username: str | None,
    password: str | None,
    *,
    timeout_s: float,
    media_within_s: float | None = None,
) -> Outage | None:
    """Ask for the description of `uri`, logging in when asked to; None when the camera gives it.

    With `media_within_s` it is played, too, and something must come within that time. Connecting
    and asking may each take `timeout_s`. Raises CameraTalksNonsense for a bad address.
    """
    checked(uri)
    try:
        with Talk(uri, username, password, timeout_s=timeout_s) as talk:
            talk.until_s = time.monotonic() + timeout_s
            return _judge(talk, uri, media_within_s, has_login=bool(username))
    except TimeoutError:
        return Outage(
            "unreachable", "摄像机在其地址上没有应答。 / The camera does not answer on its address."
        )
    except OSError as refused:
        why = refused.strerror or "name not found"
        return Outage("unreachable", f"连不上摄像机：{why}。 / No connection to the camera: {why}.")


def _judge(talk: Talk, uri: str, media_within_s: float | None, *, has_login: bool) -> Outage | None:
    try:
        described = talk.request("DESCRIBE", uri, "Accept: application/sdp")
        outage = _verdict(described.status, has_login=has_login)
    except TimeoutError:
        return Outage(
            "hung",
            "摄像机接受了连接，但不应答。 / The camera takes the connection but does not answer.",
        )
    except NotRtspError:
        return Outage(
            "nonsense",
            "该地址上的应答不是 RTSP。 / What answers at the camera's address does not speak RTSP.",
        )
    except OSError:
        return Outage(
            "unreachable",
            "摄像机未应答就断开了连接。 / The camera closed the connection without an answer.",
        )
    if outage is None and media_within_s is not None:
        return _play(talk, uri, described, media_within_s)
    return outage


def _play(talk: Talk, uri: str, described: Answer, within_s: float) -> Outage | None:
    """Whether something comes. What else goes wrong is left to whoever opens the stream."""
    talk.until_s = time.monotonic() + within_s
    base = described.header("content-base") or without_login(uri)
    try:
        answer = talk.request(
            "SETUP",
            _video_of(base, described.body),
            "Transport: RTP/AVP/TCP;unicast;interleaved=0-1",
        )
        session = (answer.header("session") or "").partition(";")[0]
        if answer.status != 200 or not session:
            return None
        if talk.request("PLAY", base, f"Session: {session}").status != 200:
            return None
        talk.until_media()
        # a camera with few places must have this one back before the stream is opened
        with contextlib.suppress(OSError):
            talk.until_s = time.monotonic() + _END_S
            talk.end("TEARDOWN", base, f"Session: {session}")
    except TimeoutError:
        return Outage(
            "no-frames",
            "摄像机打开了码流，但不送画面。 / The camera opens its stream but sends no picture.",
        )
    except NotRtspError:
        return None
    except OSError:
        return Outage(
            "no-frames",
            "摄像机一播放码流就断开。 / The camera closes the connection when it is to play.",
        )
    return None


def _video_of(base: str, description: bytes) -> str:
    """The address of the video among what is described."""
    video = next((p for p in _PARTS.split(description) if p.startswith(b"video")), b"")
    control = _CONTROL.search(video)
    track = "*" if control is None else control[1].decode("latin-1")
    if track == "*" or "://" in track:
        return base if track == "*" else track
    return f"{base.removesuffix('/')}/{track}"


def _verdict(status: int, *, has_login: bool) -> Outage | None:
    if status in (401, 403) and has_login:
        return REFUSED
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
