"""The top of the program: opens everything, first things first, and lets it live.

What each part is made of is in `composition`; how all of it lives and ends is in `life`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from aiohttp import web

from linkage.composition.camera_events import camera_events, camera_turning
from linkage.composition.console import console
from linkage.composition.eyes import eyes
from linkage.composition.ground import REAL_DOORS, Doors, Ground
from linkage.composition.household_net import household_net
from linkage.composition.looking import open_register
from linkage.composition.response import response
from linkage.composition.way_in import way_in
from linkage.errors import PortRefused
from linkage.life import Service, ask_to_stop, behind_bulkhead, closing, live
from linkage.settings import Settings
from linkage.storage import open_storage
from linkage.systemd import keep_watchdog


async def serve(
    settings: Settings,
    *,
    doors: Doors = REAL_DOORS,
    demo_button_page: str | None = None,
    ready: Callable[[Service], Awaitable[None]] | None = None,
    until: asyncio.Event | None = None,
) -> None:
    """Run the service until SIGTERM or SIGINT, or until `until` is set.

    `ready` is called once the console answers. Raises what stopped the spine.
    """
    stopping = until or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(ask_to_stop, stopping, number))
    async with opened(settings, doors=doors, demo_button_page=demo_button_page) as service:
        await live(service, stopping, ready)


@asynccontextmanager
async def opened(
    settings: Settings, *, doors: Doors, demo_button_page: str | None = None
) -> AsyncIterator[Service]:
    """Open everything, first things first; on leaving, close it in reverse."""
    async with AsyncExitStack() as stack:
        storage = await asyncio.to_thread(open_storage, settings, doors.database, doors.clock)
        stack.push_async_callback(closing, "store", storage.database.close)
        ground = Ground(settings, doors, storage.database, storage.box)

        entry = await way_in(ground, stack)
        seeing = eyes(ground, entry)
        answer = await response(ground, entry, seeing, stack)
        net = household_net(ground, entry, answer)
        looks = await open_register(ground)
        events = camera_events(ground, entry, seeing, net)
        app = console(
            ground,
            entry,
            seeing,
            answer,
            net,
            looks,
            events,
            demo_button_page=demo_button_page,
        )

        # first what may be refused: nothing is connected yet that would have to be let go
        url = await _listen(app, stack, settings)
        await entry.link.start()
        stack.push_async_callback(closing, "broker link", entry.link.close)
        yield Service(
            settings=settings,
            url=url,
            spine=(
                ("intake", net.intake.run),
                ("engine", answer.engine.run),
                ("time", answer.timekeeper.run),
                ("outbox", answer.outbox.run),
                ("duty", answer.duty.run),
                ("supervision", net.supervision.run),
                ("enrolment", net.enrolment_keeper.run),
                ("ledgers", net.ledgers.run),
                ("status", entry.link.keep_status),
                ("cameras", partial(behind_bulkhead, seeing.fleet.run)),
                ("camera faults", partial(behind_bulkhead, seeing.faults.run)),
                ("motion", partial(behind_bulkhead, seeing.motion.run)),
                ("evidence", partial(behind_bulkhead, seeing.custody.run)),
                ("evidence metrics", partial(behind_bulkhead, seeing.evidence_metrics.run)),
                ("camera finder", partial(behind_bulkhead, seeing.locator.run)),
                ("camera events", partial(behind_bulkhead, events.run)),
                ("camera presets", partial(behind_bulkhead, camera_turning(ground).run)),
                ("camera clocks", partial(behind_bulkhead, seeing.clocks.run)),
                ("watchdog", partial(keep_watchdog, ground.clock)),
            ),
            stop_intake=net.intake.stop,
        )


async def _listen(app: web.Application, stack: AsyncExitStack, settings: Settings) -> str:
    host, port = settings.file.console.host, settings.file.console.port
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(closing, "console", runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise PortRefused(
            f"the console cannot listen on {host}:{port}: {error.strerror}; choose another "
            "console.port in site.toml"
        ) from error
    return f"http://{host}:{port}"
