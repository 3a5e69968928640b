"""One blocking conversation about a camera's relay outputs: a siren that stops by itself.

Only `onvif_door` imports this. A relay is switched on in monostable mode alone, with a time: one
that stays on until somebody comes would sound on when we, or the network, are gone.
"""

from datetime import timedelta
from typing import Any, Final

import structlog
from zeep.exceptions import Fault

from camerad.errors import RelayRefused
from camerad.model import RelayOutput
from camerad.onvif_soap import Conversation

_MONOSTABLE: Final = "Monostable"
LONGEST_S: Final = 900.0

_log = structlog.get_logger()


class RelayConversation(Conversation):
    """One camera's relays."""

    def outputs(self) -> tuple[RelayOutput, ...]:
        """Raises CameraUnreachable, CameraRefused, CameraTalksNonsense."""
        return self._guarded(lambda: tuple(_output(one) for one in self._outputs(self._device())))

    def pulse(self, token: str, for_s: float) -> None:
        """On now, off by itself after `for_s` seconds. Raises RelayRefused and as `outputs`."""
        self._guarded(lambda: self._pulse(token, for_s))

    def release(self, token: str) -> None:
        """Off now. Raises as `outputs`."""
        self._guarded(lambda: self._set(self._device(), token, "inactive"))

    def _pulse(self, token: str, for_s: float) -> None:
        device = self._device()
        wanted_s = max(1, round(min(for_s, LONGEST_S)))
        now = self._output(device, token)
        if not (now.monostable and now.lasts_s == wanted_s):
            self._make_monostable(device, token, wanted_s)
            now = self._output(device, token)
        if not now.monostable or not 0 < now.lasts_s <= LONGEST_S:
            raise _refused("It does not go back by itself.", "不会自动断开，未接通。")
        self._set(device, token, "active")

    def _make_monostable(self, device: Any, token: str, wanted_s: int) -> None:
        # how it stands at rest is the installer's: told back as it is
        idle = next(
            str(one.Properties.IdleState) for one in self._outputs(device) if one.token == token
        )
        properties = {
            "Mode": _MONOSTABLE,
            "DelayTime": timedelta(seconds=wanted_s),
            "IdleState": idle,
        }
        try:
            self._ask(
                device, "SetRelayOutputSettings", RelayOutputToken=token, Properties=properties
            )
        except Fault as fault:
            # it may be monostable with a time of its own, which will do
            _log.info("onvif.relay_settings_refused", xaddr=self._xaddr, fault=str(fault)[:200])

    def _output(self, device: Any, token: str) -> RelayOutput:
        for one in self._outputs(device):
            if one.token == token:
                return _output(one)
        raise _refused(f"It has no relay {token!r}.", f"没有继电器 {token}。")

    def _set(self, device: Any, token: str, state: str) -> None:
        self._ask(device, "SetRelayOutputState", RelayOutputToken=token, LogicalState=state)

    def _outputs(self, device: Any) -> list[Any]:
        return list(self._ask(device, "GetRelayOutputs") or [])

    def _device(self) -> Any:
        device = self._service("devicemgmt", self._xaddr)
        if self._skew_s is None:
            self._skew_s = self._read_skew(device)
        return device


def _output(one: Any) -> RelayOutput:
    lasts = one.Properties.DelayTime
    return RelayOutput(
        token=str(one.token),
        monostable=str(one.Properties.Mode) == _MONOSTABLE,
        lasts_s=lasts.total_seconds() if isinstance(lasts, timedelta) else 0.0,
    )


def _refused(en: str, zh: str) -> RelayRefused:
    return RelayRefused(f"继电器：{zh} / The relay: {en}")
