"""What happened: who may tell us, over which line, and where it is kept."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from alarms.broker import EmbeddedBroker
from alarms.devices import DeviceRegistry
from alarms.log import AlarmLog
from alarms.mqtt import BrokerAddress, MqttLink
from linkage.composition.ground import Ground
from linkage.enrolment.doors import BrokerDoor, EmbeddedDoor
from linkage.enrolment.opening import outside_door
from linkage.life import closing
from linkage.storage import broker_address

log = structlog.get_logger()


@dataclass(frozen=True)
class WayIn:
    """What happened: who may tell us, over which line, and where it is kept."""

    devices: DeviceRegistry
    door: BrokerDoor
    link: MqttLink
    log: AlarmLog


async def way_in(ground: Ground, stack: AsyncExitStack) -> WayIn:
    """The broker's side of it. An embedded broker runs when this returns, and ends with `stack`."""
    settings, clock = ground.settings, ground.clock
    devices = DeviceRegistry(ground.database, ground.box, clock)
    address = broker_address(settings)
    door = outside_door(settings, ground.database, devices)
    if settings.file.mqtt.embedded:
        door = EmbeddedDoor(await _embedded_broker(address, ground.prefix, devices, stack))
    link = ground.doors.link(address, node=ground.node, prefix=ground.prefix, clock=clock)
    log_of_alarms = AlarmLog(ground.database, clock, writer=ground.node)
    return WayIn(devices, door, link, log_of_alarms)


async def _embedded_broker(
    address: BrokerAddress, prefix: str, devices: DeviceRegistry, stack: AsyncExitStack
) -> EmbeddedBroker:
    broker = EmbeddedBroker(
        address.host,
        address.port,
        prefix=prefix,
        own_password=address.password or "",
        may_log_in=devices.may_log_in,
    )
    await broker.start()
    stack.push_async_callback(closing, "embedded broker", broker.stop)
    log.warning(
        "broker.embedded",
        detail="for trying out: only a button that repeats its press is safe on it",
    )
    return broker
