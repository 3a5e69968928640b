"""The light of a scene: day, dusk, a lamp-lit night, a night seen in infrared; and sensor noise.

Turns a scene painted in plain daylight into what the camera's sensor would see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.simulator.canvas import Picture, Tone, View

Field = NDArray[np.float32]

_GREY = np.array([0.114, 0.587, 0.299], np.float32)  # of B, G, R
_NOISE_FIELDS = 5
_NOISE_MARGIN = 48


class Hour(StrEnum):
    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"
    INFRARED = "infrared"


@dataclass(frozen=True)
class _Look:
    gain: tuple[float, float, float]  # B, G, R
    noise: float
    shadow: float


_LOOKS = {
    Hour.DAY: _Look((1.0, 1.0, 1.0), 1.6, 0.36),
    Hour.DUSK: _Look((0.72, 0.72, 0.84), 2.4, 0.16),
    Hour.NIGHT: _Look((0.30, 0.25, 0.23), 3.6, 0.26),
    Hour.INFRARED: _Look((0.46, 0.46, 0.46), 4.2, 0.2),
}
_LAMPLIGHT = np.array([0.42, 0.66, 0.86], np.float32)


class Light:
    """One scene's light: a map of gains over the picture, and the lamps' glow added to it."""

    def __init__(
        self, hour: Hour, view: View, lamps: Sequence[tuple[float, float, float]], seed: int
    ) -> None:
        """`lamps` are the bulbs' places (x, y, z)."""
        self.hour = hour
        self._look = _LOOKS[hour]
        self._gain = np.empty((view.height, view.width, 3), np.float32)
        self._gain[:] = self._look.gain
        self._glow = np.zeros((view.height, view.width, 3), np.float32)
        if hour is Hour.INFRARED:
            self._gain *= _illuminator(view)[..., None]
        elif hour in (Hour.NIGHT, Hour.DUSK):
            strength = 1.0 if hour is Hour.NIGHT else 0.35
            for lamp in lamps:
                self._add_lamp(view, lamp, strength)
        self._noise = _noise_fields(view, self._look.noise, np.random.default_rng(seed))

    @property
    def shadow(self) -> float:
        """How dark a cast shadow is, 0..1."""
        return self._look.shadow

    def develop(self, plain: Picture) -> Picture:
        """The still backdrop in this light."""
        picture = plain.astype(np.float32)
        if self.hour is Hour.INFRARED:
            picture = np.repeat((picture @ _GREY)[..., None], 3, axis=2)
        return np.asarray(np.clip(picture * self._gain + self._glow, 0, 255), np.uint8)

    def tone_at(self, x: float, y: float) -> Tone:
        """The light that falls on something whose feet are at pixel (x, y)."""
        height, width = self._gain.shape[:2]
        column = min(width - 1, max(0, round(x)))
        row = min(height - 1, max(0, round(y)))
        gain = self._gain[row, column]

        def tone(colours: Field, cover: Field) -> Field:
            if self.hour is Hour.INFRARED:
                # cloth throws infrared back far better than the ground does
                grey = 0.65 * (colours @ _GREY) + 165.0 * cover
                colours = np.repeat(grey[..., None], 3, axis=2)
            return np.asarray(colours * gain, np.float32)

        return tone

    def expose(self, picture: Picture, t_s: float, rng: np.random.Generator) -> Picture:
        """A finished frame: the slow drift of daylight, and noise."""
        field = self._noise[int(rng.integers(_NOISE_FIELDS))]
        dx, dy = rng.integers(_NOISE_MARGIN, size=2)
        noise = field[dy : dy + picture.shape[0], dx : dx + picture.shape[1]]
        drift = 1.0
        if self.hour in (Hour.DAY, Hour.DUSK):
            drift += 0.012 * float(np.sin(t_s * 0.21) + 0.5 * np.sin(t_s * 0.47))
        lit = cv2.convertScaleAbs(picture, alpha=drift)
        return np.asarray(cv2.add(lit, noise, dtype=cv2.CV_8U), np.uint8)

    def _add_lamp(self, view: View, lamp: tuple[float, float, float], strength: float) -> None:
        columns, rows = np.meshgrid(np.arange(view.width), np.arange(view.height))
        x, y, z = lamp
        foot, bulb = view.pixel((x, 0.0, z)), view.pixel((x, y, z))
        reach = 4.2 * view.px_per_m(z)
        # below the bulb a wide pool on the ground, above it only a little on the walls
        down = (rows - foot[1]) / np.where(rows > foot[1], reach * 0.62, reach * 0.95)
        pool = np.exp(-(((columns - foot[0]) / reach) ** 2) - down**2)
        self._gain += (strength * pool)[..., None].astype(np.float32) * _LAMPLIGHT
        distance = np.hypot(columns - bulb[0], rows - bulb[1]) / view.px_per_m(z)
        halo = 210.0 * np.exp(-((distance / 0.3) ** 2)) + 62.0 * np.exp(-distance / 0.75)
        self._glow += (strength * halo)[..., None].astype(np.float32) * (_LAMPLIGHT + 0.12)


def _illuminator(view: View) -> Field:
    columns, rows = np.meshgrid(np.linspace(-1, 1, view.width), np.linspace(-1, 1, view.height))
    far = (columns * 0.85) ** 2 + ((rows - 0.25) * 0.8) ** 2
    return np.asarray(0.55 + 1.25 * np.exp(-1.5 * far), np.float32)


def _noise_fields(view: View, sigma: float, rng: np.random.Generator) -> list[NDArray[np.int16]]:
    shape = (view.height + _NOISE_MARGIN, view.width + _NOISE_MARGIN)
    fields = []
    for _ in range(_NOISE_FIELDS):
        raw = rng.normal(0.0, 1.0, shape).astype(np.float32)
        # a real sensor's noise has been smoothed a little by the camera's own processing
        smooth = np.asarray(cv2.GaussianBlur(raw, (0, 0), 0.7), np.float32)
        smooth *= sigma / float(smooth.std())
        fields.append(np.repeat(np.rint(smooth)[..., None], 3, axis=2).astype(np.int16))
    return fields
