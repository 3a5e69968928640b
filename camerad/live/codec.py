"""How a browser is asked whether it can play a stream: the codec's name by RFC 6381. Pure."""

from typing import Final

_START: Final = b"\x00\x00\x01"
_SEQUENCE_PARAMETERS: Final = 7


def codec_name(codec: str, extradata: bytes) -> str | None:
    """`avc1.` and the profile, its constraints and the level of an H.264 stream, each two digits of
    hexadecimal; None for any other codec, or where the stream does not say it.

    `extradata` is as FFmpeg has it: a configuration record, or the parameter sets with start codes.
    """
    if codec != "h264":
        return None
    is_record = extradata[:1] == b"\x01"
    profile = extradata[1:4] if is_record else _of_parameter_sets(extradata)
    return f"avc1.{profile.hex().upper()}" if len(profile) == 3 else None


def _of_parameter_sets(extradata: bytes) -> bytes:
    for unit in extradata.split(_START)[1:]:
        if unit and unit[0] & 0x1F == _SEQUENCE_PARAMETERS:
            return unit[1:4]
    return b""
