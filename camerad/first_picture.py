"""One picture of a camera that is not watched yet, for whoever takes it into service.

Decoding a stranger's stream is done in a short-lived process of its own: what hangs or crashes in
native code there takes nothing with it. The login goes in through standard input, never among the
process's arguments.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

import camerad
from camerad.errors import CameradError, CameraRefused, CameraUnreachable
from camerad.stream_address import checked

_LATE_S: Final = 5.0
"""A process needs a moment to begin; on a busy machine more than one."""
_LIMIT: Final = 16 * 1024 * 1024


class _Order(msgspec.Struct):
    uri: str
    username: str | None
    password: str | None
    timeout_s: float


async def first_picture(
    uri: str, username: str | None, password: str | None, *, timeout_s: float = 10.0
) -> bytes:
    """A JPEG of now.

    Raises CameraTalksNonsense for a bad address, CameraRefused where a person must act,
    CameraUnreachable otherwise; the text says why.
    """
    checked(uri)
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "camerad.first_picture",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": _import_path()},
    )
    order = msgspec.json.encode(_Order(uri, username, password, timeout_s))
    try:
        async with asyncio.timeout(2 * timeout_s + _LATE_S):
            said, _ = await child.communicate(order)
    except TimeoutError:
        raise CameraUnreachable("摄像机没有及时送来画面。 / No picture came in time.") from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode == 0 and said.startswith(b"\xff\xd8"):
        return said
    text = said[:1000].decode(errors="replace")
    if child.returncode == _REFUSED:
        raise CameraRefused(text)
    raise CameraUnreachable(text or "画面无法取得。 / No picture could be had.")


_FAILED: Final = 1
_REFUSED: Final = 3


def main() -> int:
    """The child: the picture, or why there is none, to standard output."""
    # imported here: the parent needs neither OpenCV nor its memory
    from camerad.capture import StreamOpener, encode_jpeg, prepare_process
    from camerad.rtsp_probe import probe

    order = msgspec.json.decode(sys.stdin.buffer.read(_LIMIT), type=_Order)
    prepare_process()
    login = (order.username, order.password)
    try:
        outage = probe(order.uri, *login, timeout_s=order.timeout_s / 2)
        if outage is not None:
            sys.stdout.buffer.write(outage.detail.encode())
            return _REFUSED if outage.reason == "refused" else _FAILED
        image = StreamOpener().read_colour(order.uri, *login, timeout_s=order.timeout_s)
        sys.stdout.buffer.write(encode_jpeg(image))
    except CameradError as error:
        sys.stdout.buffer.write(str(error).encode())
        return _FAILED
    return 0


def _import_path() -> str:
    # the child must find the same code, wherever the parent was started from
    mine = str(Path(camerad.__file__).parent.parent)
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([mine, given] if given else [mine])


if __name__ == "__main__":
    sys.exit(main())
