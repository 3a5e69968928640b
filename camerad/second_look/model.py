"""The words of the second look: a network's settings, and what it found. Only the standard library.

A person found is a box and a score, for as long as the question lasts.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Order(StrEnum):
    """The order of colours that a network was trained with. Ours are all the same grey."""

    BGR = "bgr"
    RGB = "rgb"
    GREY = "grey"
    """One plane instead of three."""


class Decoding(StrEnum):
    """How boxes stand in a network's answer; W x H is its input, in pixels."""

    YOLOX = "yolox"
    """N x (5 + classes), a row a grid cell of strides 8, 16 and 32: centre and size as powers
    relative to the cell, objectness, classes."""
    BOXES_OBJECTNESS = "boxes-objectness"
    """N x (5 + classes) in pixels: centre, size, objectness, classes (YOLOv5, YOLOv7)."""
    BOXES_CLASSES = "boxes-classes"
    """(4 + classes) x N in pixels: centre, size, classes (YOLOv8 and after)."""


@dataclass(frozen=True)
class VerifierSettings:
    """Which network, and how it is spoken to."""

    model: Path
    """An ONNX file."""
    input_width: int = 416
    input_height: int = 416
    order: Order = Order.BGR
    scale: float = 1.0
    """Grey levels 0 to 255 are multiplied by this."""
    decoding: Decoding = Decoding.YOLOX
    person_class: int = 0
    score: float = 0.3
    """From which something is a person."""


@dataclass(frozen=True)
class FoundPerson:
    """Pixels of the picture that was asked about."""

    x: float
    y: float
    w: float
    h: float
    score: float
