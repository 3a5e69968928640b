"""The child process of `SimulatedCameraSite`; not for people."""

import asyncio
import logging
import sys

import structlog

from camerad.simulator.site import serve

if __name__ == "__main__":
    # standard output carries the one answer to the parent and nothing else
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    sys.exit(asyncio.run(serve()))
