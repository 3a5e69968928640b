"""The ways of MQTT: members' devices, sirens and loudspeakers (contract §3).

A broker that has confirmed has it; that the device has it too, only the device can say.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

from linkage.ways.port import Message, Reached, Receipt


class DevicePublisher(Protocol):
    """The way to devices over MQTT."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand over with QoS 1; returns when the broker has it. Raises BrokerAway."""
        ...


class _DeviceWay(ABC):
    """What they share: one topic a device, the payload as the contract writes it."""

    name = "mqtt"
    near_household = True
    kind: str
    leaf: str

    def __init__(self, publisher: DevicePublisher, *, prefix: str) -> None:
        self._publisher = publisher
        self._prefix = prefix

    async def send(self, message: Message) -> Receipt:
        """Publish it. Raises BrokerAway."""
        topic = f"{self._prefix}/{self.kind}/{message.target}/{self.leaf}"
        payload = {"v": 1, **self._payload(message)}
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        await self._publisher.publish(topic, text.encode())
        return Receipt(Reached.SENT)

    @abstractmethod
    def _payload(self, message: Message) -> Mapping[str, object]:
        """What the device is told beside the version."""


class NoticeWay(_DeviceWay):
    """Tells a member's device that a neighbour needs help, or that it is over:
    `button/{device}/notice`."""

    kind, leaf = "button", "notice"

    def _payload(self, message: Message) -> Mapping[str, object]:
        told = message.content
        parts = {key: told[key] for key in ("phrase", "from", "drill", "until_ms")}
        over = told.get("over")
        if over is not None:
            return {"id": over, "state": "over", **parts}
        return {"id": message.key, "state": "active", **parts}


class SirenWay(_DeviceWay):
    """Switches a siren: `siren/{device}/set`."""

    kind, leaf = "siren", "set"

    def _payload(self, message: Message) -> Mapping[str, object]:
        # the id lets an adapter in front of a siren that latches tell a repeat
        return {
            "id": message.key,
            "on": message.content["on"],
            "until_ms": message.content["until_ms"],
        }


class LoudspeakerWay(_DeviceWay):
    """Lets a loudspeaker say a phrase: `loudspeaker/{device}/say`."""

    kind, leaf = "loudspeaker", "say"

    def _payload(self, message: Message) -> Mapping[str, object]:
        parts = {key: message.content[key] for key in ("phrase", "repeat", "until_ms")}
        return {"id": message.key, **parts}
