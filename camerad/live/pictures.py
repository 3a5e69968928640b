"""Pictures one by one, for who cannot play the film: decoded, masked, as JPEG."""

from collections.abc import Sequence
from typing import Any

import av.error
import numpy as np

from camerad.capture import encode_jpeg
from camerad.evidence.model import Chunk, StreamFormat
from camerad.evidence.packets import decoder_of, packet_at
from camerad.model import Zone
from camerad.wire import PrivacyMask

_MANY_PIXELS = 1_200_000
"""Of a larger stream only keyframes are decoded: all of them would cost a processor."""


class LivePictures:
    """The newest picture of a stream, whenever one is wanted."""

    def __init__(self, form: StreamFormat, mask: PrivacyMask, zones: Sequence[Zone]) -> None:
        self.form = form
        self._decoder = decoder_of(form)
        self._mask = mask
        self._zones = zones
        self._keys_only = form.width * form.height > _MANY_PIXELS
        self._frame: Any = None
        self.at_ms = 0

    def add(self, chunk: Chunk) -> None:
        """See what this chunk shows."""
        if self._keys_only and not chunk.is_key:
            return
        try:
            frames = self._decoder.decode(packet_at(chunk, 0.0))
        except av.error.FFmpegError:
            return  # a damaged one; the next may be whole
        for frame in frames:
            self._frame, self.at_ms = frame, chunk.at_ms

    def take(self) -> bytes | None:
        """The newest as JPEG, once; None where it was taken. Raises CameraTalksNonsense."""
        frame, self._frame = self._frame, None
        if frame is None:
            return None
        image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        return encode_jpeg(self._mask(image, self._zones))
