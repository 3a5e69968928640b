"""Errors as the API tells them: RFC 9457 problem documents."""

import math
from collections.abc import Mapping

import msgspec
from aiohttp import web

_TITLES = {
    400: "请求有误 Bad request",
    401: "请先登录 Sign in first",
    403: "无此权限 Not permitted",
    404: "没有找到 Not found",
    405: "方法不对 Method not allowed",
    409: "当前不能执行 Not possible now",
    412: "已被他人更改 Changed by somebody else",
    413: "内容过大 Too large",
    415: "内容类型不对 Unsupported media type",
    422: "内容有误 Cannot be accepted",
    423: "已锁屏 Locked",
    428: "缺少版本号 Version required",
    429: "尝试过多 Too many tries",
    500: "内部错误 Internal error",
    503: "暂时不可用 Not available now",
}


class Problem(Exception):
    """Raised by a handler to answer with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
        self.more = dict(more or {})


def response_of(problem: Problem) -> web.Response:
    """The document itself."""
    title = _TITLES.get(problem.status, f"HTTP {problem.status}")
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(
            {
                "type": "about:blank",
                "title": title,
                "status": problem.status,
                "detail": problem.detail,
                **problem.more,
            }
        ),
        content_type="application/problem+json",
        headers=problem.headers,
    )


def not_found() -> Problem:
    """Says the same of what is not there and of what the caller may not see."""
    return Problem(404, "没有您可以查看的内容 / there is nothing here that you may see.")
