"""Reading a label as a button does: its picture is drawn, and the code in it is recognised."""

import json
import re
from dataclasses import dataclass

import cv2
import numpy as np

_DOT = 6


@dataclass(frozen=True)
class Scanned:
    """What the code of one label says."""

    host: str
    port: int
    tls: bool
    prefix: str
    kind: str
    device: str
    login: str
    password: str
    key: str = ""


def scan(page: str) -> list[Scanned]:
    """Every label of a printed sheet, in order."""
    found = []
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        said = json.loads(_read(svg))
        assert said.pop("v") == 1
        found.append(Scanned(**said))
    return found


def _read(svg: str) -> str:
    picture = np.kron(_drawn(svg), np.ones((_DOT, _DOT), np.uint8))
    # OpenCV's other detector fails at one code in sixty
    text, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(picture)
    return str(text)


def _drawn(svg: str) -> np.ndarray:
    """The picture, a pixel a dot: black runs on white, as the path's strokes of width 1 say."""
    side = int(re.search(r'viewBox="0 0 (\d+) \d+"', svg)[1])
    (path,) = re.findall(r' d="([^"]+)"', svg)
    dots = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    for order, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        given = [float(number) for number in numbers.split()]
        if order == "h":
            dots[int(y), int(x) : int(x + given[0])] = 0
            x += given[0]
        elif order == "M":
            x, y = given
        else:
            x, y = x + given[0], y + given[1]
    return dots
