"""Motion and loitering in a camera's luma pictures: classical, no network, no identity.

What belongs here: what is decided from pictures and stream time alone. What does not: opening
streams and files (`camerad.capture`, `camerad.clip`), clocks, storage, and anything that could
recognise a person.

A picture passes these modules in this order: `masks` (what must not be seen), `background` (what
differs from the empty scene; `tone_curve`, `steadying`, `uneven_light` and `precipitation` take out
what is no body), `strangeness` (whether it can be judged at all), `blobs` (connected bodies),
`tracker` and `tracks` (which body is which from frame to frame), `stays` (who has been in a zone
for how long) and `motion`.
"""

from camerad.detection.detector import Detector
from camerad.detection.masks import mask_privacy
from camerad.detection.settings import DetectionSettings
from camerad.detection.tracks import TrackSnapshot

__all__ = ["DetectionSettings", "Detector", "TrackSnapshot", "mask_privacy"]
