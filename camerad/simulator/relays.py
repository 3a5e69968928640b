"""The relay outputs of a simulated camera: set, switched, and back by themselves where they may."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from camerad.simulator import soap
from lianfang_timing import Clock


@dataclass
class Relay:
    """One output. `only_bistable`: it takes no other setting, as some cameras' do."""

    mode: str = "Bistable"
    delay_s: int = 0
    idle: str = "open"
    only_bistable: bool = False
    on_until: datetime | None = None
    """None: it is off; `datetime.max`: until somebody switches it."""


@dataclass
class RelayService:
    """Answers about relays, by token."""

    clock: Clock
    outputs: dict[str, Relay] = field(default_factory=dict)
    switched: list[tuple[str, str]] = field(default_factory=list)
    """Token and state, oldest first."""

    def is_on(self, token: str) -> bool:
        until = self.outputs[token].on_until
        return until is not None and self.clock.now() < until

    def answer(self, request: soap.Request) -> str | None:
        """The body of an answer; None for what this service does not know. Raises Refused."""
        match request.action:
            case "GetRelayOutputs":
                found = "".join(_output(token, relay) for token, relay in self.outputs.items())
                return f"<tds:GetRelayOutputsResponse>{found}</tds:GetRelayOutputsResponse>"
            case "SetRelayOutputSettings":
                return self._set(request, self._relay(request))
            case "SetRelayOutputState":
                return self._switch(request, self._relay(request))
        return None

    def _relay(self, request: soap.Request) -> Relay:
        token = request.text("RelayOutputToken")
        if token not in self.outputs:
            raise soap.Refused("Sender", "ter:RelayToken", "no such relay")
        return self.outputs[token]

    def _set(self, request: soap.Request, relay: Relay) -> str:
        mode = request.text("Mode")
        if relay.only_bistable and mode != "Bistable":
            raise soap.Refused("Receiver", "ter:ModeError", "monostable is not supported")
        relay.mode, relay.idle = mode, request.text("IdleState")
        relay.delay_s = _seconds(request.text("DelayTime"))
        return "<tds:SetRelayOutputSettingsResponse/>"

    def _switch(self, request: soap.Request, relay: Relay) -> str:
        state = request.text("LogicalState")
        self.switched.append((request.text("RelayOutputToken"), state))
        relay.on_until = None
        if state == "active":
            bistable = relay.mode == "Bistable"
            now = self.clock.now()
            farthest = datetime.max.replace(tzinfo=now.tzinfo)
            relay.on_until = farthest if bistable else now + timedelta(seconds=relay.delay_s)
        return "<tds:SetRelayOutputStateResponse/>"


def _seconds(duration: str) -> int:
    """Of PT1H2M3S, each part where there is one."""
    worth = {"H": 3600, "M": 60, "S": 1}
    return sum(int(n) * worth[unit] for n, unit in re.findall(r"(\d+)([HMS])", duration))


def _output(token: str, relay: Relay) -> str:
    return (
        f'<tds:RelayOutputs token="{token}"><tt:Properties><tt:Mode>{relay.mode}</tt:Mode>'
        f"<tt:DelayTime>PT{relay.delay_s}S</tt:DelayTime>"
        f"<tt:IdleState>{relay.idle}</tt:IdleState></tt:Properties></tds:RelayOutputs>"
    )
