"""Reading what a request brings: bodies, versions, cursors, limits. Wrong input is one clear
problem."""

import base64
import re
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from aiohttp import web

from lianfang_timing import unix_ms
from linkage.web.problems import Problem

T = TypeVar("T")

_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_VERSION = re.compile(r'(\d{1,15})|"(\d{1,15})"')


async def body_of(request: web.Request, shape: type[T]) -> T:
    """The JSON body as `shape`; none at all is an empty object. Raises Problem 415, 400 or 422."""
    if not request.body_exists:
        return _decoded(b"{}", shape)
    if request.content_type != "application/json":
        raise Problem(415, "请以 application/json 发送 / send the body as application/json.")
    return _decoded(await request.read(), shape)


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        missing = _missing(body, shape)
        if not missing:
            raise Problem(422, f"内容不合要求 / the body is not as asked for: {error}.") from error
        names = "、".join(missing)
        said = f"请填写：{names} / fill in: {', '.join(missing)}."
        raise Problem(422, said, more={"missing": missing}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"内容不是 JSON / the body is not JSON: {error}.") from error


def _missing(body: bytes, shape: type[object]) -> list[str]:
    """What must be said in `shape` and is not: left out, or blank."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []  # broken further on as well: the fault found first is the one to be told
    if not isinstance(said, dict) or not issubclass(shape, msgspec.Struct):
        return []
    asked = [f.encode_name for f in msgspec.structs.fields(shape) if f.required]
    return [name for name in asked if _is_blank(said.get(name))]


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def version_of(request: web.Request) -> int:
    """The version the caller has seen, from If-Match: `3` or `"3"`. Raises Problem 428 or 400."""
    text = request.headers.get("If-Match")
    if text is None:
        raise Problem(
            428, "请在 If-Match 中写明所见版本 / say in If-Match which version you have seen."
        )
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise Problem(400, "If-Match 须为一个版本号 / If-Match must be one version number.")
    return int(found[1] or found[2])


def limit_of(request: web.Request, *, usual: int, most: int) -> int:
    """The `limit` parameter. Raises Problem 400."""
    text = request.query.get("limit", str(usual))
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= most:
        raise Problem(400, f"limit 须为 1 到 {most} / limit must be a number from 1 to {most}.")
    return int(text)


def position_of(text: str | None, name: str) -> int:
    """A position in a log; 0 when it was not given. Raises Problem 400."""
    if text is None or text == "":
        return 0
    if not re.fullmatch(r"\d{1,18}", text):
        raise Problem(400, f"{name} 须为数字 / {name} must be a number.")
    return int(text)


def moment_of(request: web.Request, name: str) -> int | None:
    """A moment among the parameters, in Unix milliseconds; None when it was not given. Raises
    Problem 400."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        # a plus sign that was not escaped arrives as a space
        at = datetime.fromisoformat(text.strip().replace(" ", "+"))
        if at.tzinfo is not None and _FIRST <= at <= _LAST:
            return unix_ms(at)
    except ValueError:
        pass
    raise Problem(
        400,
        f"{name} 须为带时区的时刻，如 2026-11-21T20:00:00+08:00 / "
        f"{name} must be a moment with its offset, such as 2026-11-21T20:00:00+08:00.",
    )


def pack_cursor(*parts: object) -> str:
    """Where the next page begins, as text that callers only hand back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def unpack_cursor(text: str, shape: type[T]) -> T:
    """What `pack_cursor` was given. Raises Problem 400."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(packed, type=shape)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Problem(
            400, "after 不是本列表的游标 / after is not a cursor of this list."
        ) from error


PURPOSE_LIMIT = 200
"""Characters of why somebody looks at a picture."""


def purpose_of(request: web.Request) -> str:
    """What the caller says that the picture is for; empty where nothing. Raises Problem."""
    purpose = request.query.get("purpose", "").strip()
    if len(purpose) > PURPOSE_LIMIT:
        raise Problem(
            400,
            f"purpose 最多 {PURPOSE_LIMIT} 字 / purpose has at most {PURPOSE_LIMIT} characters.",
        )
    return purpose
