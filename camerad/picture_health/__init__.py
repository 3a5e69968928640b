"""Whether a camera's picture is fit to watch by; tampering and failing, never who is in it.

What belongs here: what is decided from pictures and stream time alone. What does not: what moves
in the picture (`camerad.detection`), whether there is a stream at all (`camerad.camera_watch`), and
whom it concerns (`linkage`).
"""

from camerad.picture_health.health import PictureHealth
from camerad.picture_health.settings import HealthSettings

__all__ = ["HealthSettings", "PictureHealth"]
