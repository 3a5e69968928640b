"""One blocking conversation about where a camera looks: its presets, its position, turning it.

Only `onvif_door` imports this.
"""

from typing import Any, Final

import structlog

from camerad.errors import CameraTalksNonsense
from camerad.model import Position, Preset
from camerad.onvif_soap import Conversation

_PTZ: Final = "http://www.onvif.org/ver20/ptz/wsdl"
_AT_MOST: Final = 300

_log = structlog.get_logger()


class PtzConversation(Conversation):
    """One camera, or one channel (`source`) of a recorder."""

    source: str | None = None

    def presets(self) -> tuple[Preset, ...]:
        """Raises CameraUnreachable, CameraRefused, CameraTalksNonsense, also where it cannot
        turn."""
        return self._guarded(self._presets)

    def position(self) -> Position:
        """Raises as `presets`."""
        return self._guarded(self._position)

    def turn(self, preset: str | None) -> None:
        """To this preset, or to its home position. Raises as `presets`."""
        self._guarded(lambda: self._turn(preset))

    def _presets(self) -> tuple[Preset, ...]:
        service, profile = self._head()
        found = (self._ask(service, "GetPresets", ProfileToken=profile) or [])[:_AT_MOST]
        return tuple(
            Preset(str(one.token), str(one.Name or one.token)) for one in found if one.token
        )

    def _position(self) -> Position:
        service, profile = self._head()
        said = self._ask(service, "GetStatus", ProfileToken=profile)
        where, moves = said.Position, said.MoveStatus
        pan_tilt = None if where is None else where.PanTilt
        zoom = None if where is None else where.Zoom
        moving = {str(moves.PanTilt), str(moves.Zoom)} if moves is not None else set()
        return Position(
            pan=None if pan_tilt is None else float(pan_tilt.x),
            tilt=None if pan_tilt is None else float(pan_tilt.y),
            zoom=None if zoom is None else float(zoom.x),
            moving="MOVING" in moving,
        )

    def _turn(self, preset: str | None) -> None:
        service, profile = self._head()
        if preset is None:
            self._ask(service, "GotoHomePosition", ProfileToken=profile)
        else:
            self._ask(service, "GotoPreset", ProfileToken=profile, PresetToken=preset)

    def _head(self) -> tuple[Any, str]:
        """The service, and the profile whose picture it turns."""
        device = self._service("devicemgmt", self._xaddr)
        self._skew_s = self._read_skew(device)
        address = self._address_of(device, "PTZ", _PTZ)
        if address is None:
            raise _cannot_turn()
        media = self._service("media", self._media_address(device))
        for profile in self._ask(media, "GetProfiles") or []:
            video = profile.VideoSourceConfiguration
            source = None if video is None else str(video.SourceToken)
            if profile.PTZConfiguration is not None and self.source in (None, source):
                return self._service("ptz", address), str(profile.token)
        raise _cannot_turn()


def _cannot_turn() -> CameraTalksNonsense:
    return CameraTalksNonsense("这台摄像机不能转动。 / This camera cannot be turned.")
