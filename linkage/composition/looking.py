"""The register of looks, with what an earlier life of the service left open in it closed."""

import structlog

from alarms.errors import StoreBusy
from linkage.composition.ground import Ground
from linkage.looking.register import LookRegister

log = structlog.get_logger()


async def open_register(ground: Ground) -> LookRegister:
    """Ready before anybody can look."""
    register = LookRegister(ground.database, ground.box, ground.clock, writer=ground.node)
    try:
        forgotten = await register.close_forgotten()
    except StoreBusy as busy:
        # the next start does it; meanwhile they show as going on, seen by all
        log.warning("looks.not_closed", reason=str(busy))
    else:
        if forgotten:
            log.warning("looks.closed_after_the_service_died", looks=forgotten)
    return register
