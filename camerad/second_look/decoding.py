"""What a network's answer says. Pure: numbers in, boxes out."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.errors import BadVerifier
from camerad.second_look.model import Decoding, FoundPerson, VerifierSettings

Rows = NDArray[np.float32]

_STRIDES: Final = (8, 16, 32)
_SLACK: Final = 0.01
_OVERLAP: Final = 0.5
"""Intersection over union from which two boxes are one person."""


def decoded(answer: NDArray[Any], rule: VerifierSettings) -> Rows:
    """A row for each box, in pixels of the input: centre x, centre y, width, height, and how sure
    it is that this is a person. Raises BadVerifier when the answer is not what the settings say."""
    table = answer[0] if answer.ndim == 3 and answer.shape[0] == 1 else answer
    grid = _grid(rule.input_width, rule.input_height)
    lead = 4 if rule.decoding is Decoding.BOXES_CLASSES else 5
    if table.ndim == 2 and rule.decoding is Decoding.BOXES_CLASSES:
        table = table.T
    fits = table.ndim == 2 and table.shape[1] > lead + rule.person_class
    if rule.decoding is Decoding.YOLOX:
        fits = fits and table.shape[0] == len(grid)
    # a table that is read the wrong way round has pixels where shares should be
    if fits:
        shares = table[:, 4:]
        fits = bool(np.all(shares >= -_SLACK) and np.all(shares <= 1.0 + _SLACK))
    if not fits:
        raise BadVerifier(
            f"模型的输出 {answer.shape} 与 {rule.decoding} 不符 / "
            f"the model answers {answer.shape}, which is not {rule.decoding}: set "
            "verifier_decoding, verifier_input and verifier_person_class as it was made"
        )
    score = table[:, lead + rule.person_class]
    if lead == 5:
        score = score * table[:, 4]
    boxes = table[:, :4]
    if rule.decoding is Decoding.YOLOX:
        cell, stride = grid[:, :2], grid[:, 2:]
        size = np.exp(np.minimum(boxes[:, 2:], 20.0))
        boxes = np.hstack([(boxes[:, :2] + cell) * stride, size * stride])
    return np.hstack([boxes, score[:, np.newaxis]]).astype(np.float32)


def _grid(width: int, height: int) -> Rows:
    """N x 3: column, row and stride of each cell, in the order of the answer's rows."""
    cells = []
    for stride in _STRIDES:
        across, down = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        strides = np.full(across.size, stride)
        cells.append(np.stack([across.ravel(), down.ravel(), strides], axis=1))
    return np.concatenate(cells).astype(np.float32)


def people_in(rows: Rows, scale: float) -> list[FoundPerson]:
    """The best box of each person, `scale` times as big."""
    if not len(rows):
        return []
    corners = rows[:, :4] - np.hstack([rows[:, 2:4] / 2, np.zeros((len(rows), 2), np.float32)])
    kept = cv2.dnn.NMSBoxes(corners.tolist(), rows[:, 4].tolist(), 0.0, _OVERLAP)
    found = []
    for index in np.asarray(kept, np.int64).ravel():
        x, y, w, h = (float(v) * scale for v in corners[index])
        found.append(FoundPerson(x, y, w, h, float(rows[index, 4])))
    return found
