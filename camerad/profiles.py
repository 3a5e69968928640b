"""Which of a device's streams to use for what, and which cameras it speaks for. Pure.

A recorder shows every camera behind it as a video source; its profiles belong to one each.
"""

from collections.abc import Sequence
from typing import Final

from camerad.model import Channel, StreamProfile

_LOW: Final = 360
_MODERN: Final = ("H264", "H265")


def largest(profiles: Sequence[StreamProfile]) -> StreamProfile | None:
    """The stream with the most pixels, for evidence; None when there is none with an address.

    Motion JPEG is taken only where there is nothing else: a half minute of it fills the memory.
    """
    return max(_playable(profiles), key=lambda p: (_modern(p), _pixels(p)), default=None)


def smallest_fit(profiles: Sequence[StreamProfile]) -> StreamProfile | None:
    """The stream for detection: the smallest at least 360 high, else the largest of the low ones.

    Of two of one size H.264 is cheaper to decode than H.265. None when there is none with an
    address.
    """
    playable = _playable(profiles)
    high_enough = [profile for profile in playable if profile.height >= _LOW]
    if not high_enough:
        return largest(playable)
    return min(high_enough, key=lambda p: (not _modern(p), _pixels(p), encoding(p) != "H264"))


def channels(profiles: Sequence[StreamProfile]) -> tuple[Channel, ...]:
    """One camera for each video source, in the order the device names them."""
    by_source: dict[str, list[StreamProfile]] = {}
    for profile in profiles:
        by_source.setdefault(profile.source, []).append(profile)
    return tuple(
        Channel(source, number, smallest_fit(own), largest(own))
        for number, (source, own) in enumerate(by_source.items(), start=1)
    )


def encoding(profile: StreamProfile) -> str:
    """H264, H265, JPEG …: one spelling for the several that cameras use (h.264, HEVC)."""
    word = profile.encoding.upper().replace(".", "").replace("-", "")
    return {"HEVC": "H265", "AVC": "H264"}.get(word, word)


def _playable(profiles: Sequence[StreamProfile]) -> list[StreamProfile]:
    return [profile for profile in profiles if profile.stream_uri]


def _modern(profile: StreamProfile) -> bool:
    # a device that does not say how it encodes is believed to do as all do
    return encoding(profile) in ("", *_MODERN)


def _pixels(profile: StreamProfile) -> int:
    return profile.width * profile.height
