"""What is wrong with a database's URL, before anything is opened. Says nothing of its password."""

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_KNOWN = "sqlite:///…, postgresql+psycopg://…"


def mistake_in(url: str) -> tuple[str, str] | None:
    """Why the store cannot use this URL, in Chinese and in English; None when it can."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return f"不是数据库地址，应为 {_KNOWN}", f"is not a database URL; expected {_KNOWN}"
    kind = parts.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        return (
            f"不支持数据库 {kind!r}，应为 {_KNOWN}",
            f"database {kind!r} is not supported; expected {_KNOWN}",
        )
    if kind == "sqlite" and (parts.host or not parts.database):
        return "应为 sqlite:///文件", "expected sqlite:///FILE, which names the file"
    try:
        parts.get_dialect().import_dbapi()
    except (ArgumentError, ImportError):
        driver = parts.drivername
        return (
            f"没有安装驱动 {driver!r}，应为 {_KNOWN}（需安装 postgres 附加包）",
            f"the driver {driver!r} is not installed; expected {_KNOWN} "
            "(which needs the extra 'postgres')",
        )
    return None
