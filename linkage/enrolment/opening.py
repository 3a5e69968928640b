"""What the settings say of enrolment: which broker must be told, and what labels say."""

from alarms.devices import DeviceRegistry
from alarms.store import Database
from linkage.enrolment.doors import BrokerDoor, MosquittoDoor, NoDoor
from linkage.enrolment.labels import WayIn
from linkage.settings import Settings


def outside_door(settings: Settings, database: Database, devices: DeviceRegistry) -> BrokerDoor:
    """Of a broker that is not our own."""
    mqtt = settings.file.mqtt
    if mqtt.mosquitto_folder is None:
        return NoDoor()
    return MosquittoDoor(settings.path(mqtt.mosquitto_folder), database, devices, mqtt.prefix)


def way_in(settings: Settings) -> WayIn:
    """As devices' labels have it."""
    mqtt, said = settings.file.mqtt, settings.file.enrolment
    return WayIn(
        host=said.host or mqtt.host,
        port=said.port or mqtt.port,
        tls=mqtt.ca_file is not None if said.tls is None else said.tls,
        prefix=mqtt.prefix,
        site_name=settings.file.site.name_zh,
    )
