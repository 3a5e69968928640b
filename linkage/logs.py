"""How the program writes its log: structured, one event a line, to stderr."""

import logging
import os
import sys

import structlog


def configure_logs(level: str | None = None) -> None:
    """Set up structlog and send other libraries' warnings the same way; camera workers too.

    `level` left out: what `LIANFANG_LOG` says, or info.
    """
    level = level or os.environ.get("LIANFANG_LOG", "info")
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
