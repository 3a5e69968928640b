"""The head of a simulated camera that can be turned: presets, where it looks, whether it moves."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from camerad.simulator import soap

PTZ_PATH = "/onvif/ptz_service"
Place = tuple[float, float, float]
"""Pan, tilt (-1 to 1) and zoom (0 to 1)."""


@dataclass
class Head:
    """Answers about presets. It is there as soon as it is sent."""

    presets: dict[str, tuple[str, Place]] = field(default_factory=dict)
    """Name and place by token."""
    home: Place = (0.0, 0.0, 0.0)
    at: Place = (0.0, 0.0, 0.0)
    moving: bool = False
    """Somebody turns it by hand."""
    turned: list[str] = field(default_factory=list)
    """Where it was sent, oldest first; `home` for its home position."""

    def answer(self, request: soap.Request) -> str | None:
        """The body of an answer; None for what this service does not know. Raises Refused."""
        match request.action:
            case "GetPresets":
                found = "".join(
                    f'<tptz:Preset token="{token}"><tt:Name>{escape(name)}</tt:Name></tptz:Preset>'
                    for token, (name, _) in self.presets.items()
                )
                return f"<tptz:GetPresetsResponse>{found}</tptz:GetPresetsResponse>"
            case "GetStatus":
                return self._status()
            case "GotoPreset":
                token = request.text("PresetToken")
                if token not in self.presets:
                    raise soap.Refused("Sender", "ter:NoToken", "no such preset")
                self.at = self.presets[token][1]
                self.turned.append(token)
                return "<tptz:GotoPresetResponse/>"
            case "GotoHomePosition":
                self.at = self.home
                self.turned.append("home")
                return "<tptz:GotoHomePositionResponse/>"
        return None

    def _status(self) -> str:
        pan, tilt, zoom = self.at
        move = "MOVING" if self.moving else "IDLE"
        return (
            "<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position>"
            f'<tt:PanTilt x="{pan}" y="{tilt}"/><tt:Zoom x="{zoom}"/></tt:Position>'
            f"<tt:MoveStatus><tt:PanTilt>{move}</tt:PanTilt><tt:Zoom>IDLE</tt:Zoom></tt:MoveStatus>"
            "<tt:UtcTime>2026-11-22T04:00:00Z</tt:UtcTime>"
            "</tptz:PTZStatus></tptz:GetStatusResponse>"
        )
