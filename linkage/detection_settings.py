"""Detection (config/detection.toml): the second look. Reads and checks the file.

Without the file there is no second look. Zones are not here: they belong to each camera.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from camerad.errors import BadVerifier
from camerad.second_look.model import Decoding, Order, VerifierSettings
from linkage.strict_toml import Where, load

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


class DetectionFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`detection.toml`."""

    detection: DetectionTable = DetectionTable()


def load_detection(path: Path, *, optional: bool = True) -> VerifierSettings | None:
    """The second look of the file, its network tried out; None when there is to be none.

    A file that is `optional` may be missing. Raises BadSettings, also about a model that is missing
    or is not what the file says.
    """
    if optional and not path.exists():
        return None
    said = load(path, DetectionFile).detection
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
