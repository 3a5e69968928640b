"""The second look of a camera worker: one network for all its cameras, loaded when first needed.

The main process makes the factory and sends it to the workers; only there OpenCV is loaded.

At work it fails open: where the network breaks the detector alone decides, as where there is none.
"""

import threading
from typing import TYPE_CHECKING

import structlog

from camerad.errors import BadVerifier
from camerad.model import Zone
from camerad.second_look.model import VerifierSettings

if TYPE_CHECKING:
    from camerad.second_look.onnx import OnnxPersonFinder
    from camerad.wire import Detecting

_log = structlog.get_logger()


class VerifiedDetectors:
    """Makes detectors with a second look; survives pickling, the network does not travel."""

    def __init__(self, settings: VerifierSettings) -> None:
        self._settings = settings
        self._finder: OnnxPersonFinder | None = None
        self._loading = threading.Lock()

    def __call__(self, zones: tuple[Zone, ...]) -> "Detecting":
        """A detector for one connection; one without a second look while there is no network."""
        from camerad.detection import Detector
        from camerad.second_look.asking import SecondLook
        from camerad.second_look.onnx import OnnxPersonFinder

        detector = Detector(zones)
        try:
            with self._loading:
                self._finder = self._finder or OnnxPersonFinder(self._settings)
        except BadVerifier as error:
            _broke(error)
            return detector
        return SecondLook(detector, self._finder, broke=_broke)

    def __reduce__(self) -> tuple[type["VerifiedDetectors"], tuple[VerifierSettings]]:
        return VerifiedDetectors, (self._settings,)


def _broke(error: BadVerifier) -> None:
    _log.error("second_look.broke", detail=str(error))
