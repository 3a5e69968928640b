"""Detection (config/detection.toml): what holds for zones that do not say otherwise, and the
second look. Reads and checks the file.

Without the file there is no second look and zones have the built-in defaults. Zones themselves are
not here: they belong to each camera.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from camerad.errors import BadVerifier
from camerad.second_look.model import Decoding, Order, VerifierSettings
from camerad.zone_entries import parse_armed
from camerad.zones import ZoneDefaults
from linkage.strict_toml import Duration, Where, load

LONGEST_DWELL_S = 3600.0

Side = Annotated[int, msgspec.Meta(ge=64, le=2048)]


class DetectionTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[detection]`."""

    verifier: str | None = None
    """An ONNX person detector, relative to this folder; left out: no second look."""
    verifier_input: Annotated[list[Side], msgspec.Meta(min_length=2, max_length=2)] = msgspec.field(
        default_factory=lambda: [416, 416]
    )
    """Width and height it wants, in pixels."""
    verifier_order: Order = Order.BGR
    verifier_scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    verifier_decoding: Decoding = Decoding.YOLOX
    verifier_person_class: Annotated[int, msgspec.Meta(ge=0)] = 0
    verifier_score: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.3


class ZonesTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[zones]`: where a zone leaves a key out."""

    dwell: Duration = Duration(ZoneDefaults.dwell_s)
    min_height: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    armed: str | None = None
    armed_days_off: str | None = None


class DetectionFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`detection.toml`."""

    detection: DetectionTable = DetectionTable()
    zones: ZonesTable = ZonesTable()


@dataclass(frozen=True)
class DetectionPolicy:
    """What the file says, checked."""

    verifier: VerifierSettings | None = None
    """The network of the second look; None: there is none."""
    zones: ZoneDefaults = ZoneDefaults()  # noqa: RUF009 - frozen


def load_detection(path: Path, *, optional: bool = True) -> DetectionPolicy:
    """The settings of the file, the network of its second look tried out.

    A file that is `optional` may be missing. Raises BadSettings, also about a model that is missing
    or is not what the file says.
    """
    if optional and not path.exists():
        return DetectionPolicy()
    file = load(path, DetectionFile)
    zones = _zone_defaults(file.zones, Where(str(path)))
    return DetectionPolicy(_verifier(file.detection, path), zones)


def _zone_defaults(said: ZonesTable, where: Where) -> ZoneDefaults:
    if not 0.0 < said.dwell <= LONGEST_DWELL_S:
        raise where.wrong(
            "zones.dwell", '应大于 0，最长 "1h"', 'must be longer than nothing, at most "1h"'
        )
    for key, hours in (("armed", said.armed), ("armed_days_off", said.armed_days_off)):
        try:
            if hours is not None:
                parse_armed(hours)
        except ValueError as error:
            raise where.wrong(
                f"zones.{key}",
                f'应为当地时段，如 "22:00-06:00"，写的是 {hours!r}',
                f'expected local hours such as "22:00-06:00", got {hours!r}',
            ) from error
    return ZoneDefaults(float(said.dwell), said.min_height, said.armed, said.armed_days_off)


def _verifier(said: DetectionTable, path: Path) -> VerifierSettings | None:
    if said.verifier is None:
        return None
    width, height = said.verifier_input
    verifier = VerifierSettings(
        model=(path.parent / said.verifier).resolve(),
        input_width=width,
        input_height=height,
        order=said.verifier_order,
        scale=said.verifier_scale,
        decoding=said.verifier_decoding,
        person_class=said.verifier_person_class,
        score=said.verifier_score,
    )
    _try_out(verifier, Where(str(path)))
    return verifier


def _try_out(verifier: VerifierSettings, where: Where) -> None:
    from camerad.second_look.onnx import (
        OnnxPersonFinder,
    )  # loads OpenCV: only where it is asked for

    try:
        OnnxPersonFinder(verifier)
    except BadVerifier as error:
        zh, _, en = str(error).partition(" / ")
        raise where.wrong(
            "detection.verifier",
            zh,
            f"{en}; mend the path or the verifier_* keys, or take verifier out to do without",
        ) from error
