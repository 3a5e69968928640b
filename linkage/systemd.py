"""Telling systemd how we are (Type=notify, WatchdogSec). Nothing happens outside systemd."""

import asyncio
import os

import sdnotify

from lianfang_timing import Clock


def notify(state: str) -> None:
    """Send one state, such as `READY=1`."""
    if "NOTIFY_SOCKET" not in os.environ:
        return
    notifier = sdnotify.SystemdNotifier()
    notifier.notify(state)
    if notifier.socket is not None:  # it could not be opened
        notifier.socket.close()


async def keep_watchdog(clock: Clock) -> None:
    """Say that the event loop lives, thrice per watchdog period; for ever idle without one."""
    period_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    if period_us == 0:
        await asyncio.Event().wait()
    while True:
        notify(f"WATCHDOG=1\nSTATUS=alive at {clock.now().isoformat(timespec='seconds')}")
        await asyncio.sleep(period_us / 3_000_000)
