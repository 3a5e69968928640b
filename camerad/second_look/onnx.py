"""The one door to a network: an ONNX file through `cv2.dnn`.

Shared by the cameras of a worker, one question at a time. What is asked, and what follows, is
decided in `asking`.
"""

import threading
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camerad.errors import BadVerifier
from camerad.second_look.decoding import Rows, decoded, people_in
from camerad.second_look.model import FoundPerson, Order, VerifierSettings

Luma = NDArray[np.uint8]
_GREY: Final = 114.0


class OnnxPersonFinder:
    """A person detector in an ONNX file. Any thread may ask; a second one waits."""

    def __init__(self, settings: VerifierSettings) -> None:
        """Raises BadVerifier: no such file, no network, or one that answers otherwise than said."""
        self._settings = settings
        self._turn = threading.Lock()
        self._net = self._loaded()
        self._check()

    def people(self, picture: Luma) -> list[FoundPerson]:
        """The people in an H x W uint8 picture. Raises BadVerifier when the network breaks."""
        rule = self._settings
        height, width = picture.shape
        ratio = min(rule.input_width / width, rule.input_height / height)
        size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
        plane = np.full((rule.input_height, rule.input_width), _GREY, np.float32)
        how = cv2.INTER_AREA if ratio < 1.0 else cv2.INTER_LINEAR
        plane[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=how)
        rows = self._ask(plane * rule.scale)
        return people_in(rows[rows[:, 4] >= rule.score], 1.0 / ratio)

    def _loaded(self) -> "cv2.dnn.Net":
        model = self._settings.model
        if not model.is_file():
            raise BadVerifier(f"没有这个模型文件 {model} / there is no model file {model}")
        try:
            return cv2.dnn.readNetFromONNX(str(model))
        except cv2.error as error:
            raise BadVerifier(
                f"{model} 不是可用的 ONNX 模型 / is no ONNX model that can be used"
            ) from error

    def _check(self) -> None:
        rule = self._settings
        self._ask(np.zeros((rule.input_height, rule.input_width), np.float32))

    def _ask(self, plane: NDArray[np.float32]) -> Rows:
        """N x 5 in pixels of the input: centre x, centre y, width, height, score of a person."""
        # grey is the same in every order of colours
        planes = 1 if self._settings.order is Order.GREY else 3
        blob = np.repeat(plane[np.newaxis, np.newaxis], planes, axis=1)
        try:
            with self._turn:
                self._net.setInput(blob)
                answer = np.asarray(self._net.forward(), np.float32)
        except cv2.error as error:
            rule = self._settings
            raise BadVerifier(
                f"模型不接受 {rule.input_width}×{rule.input_height}、{planes} 个色面的输入 / "
                f"the model does not take an input of {rule.input_width} x {rule.input_height} "
                f"with {planes} planes: set verifier_input and verifier_order as it was made"
            ) from error
        return decoded(answer, self._settings)
