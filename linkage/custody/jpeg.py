"""Whether some bytes are a JPEG, and how large its picture is: read from its headers. Pure."""

_SOI = b"\xff\xd8"
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
# the frame's header; 0xC4, 0xC8 and 0xCC among them are tables
_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where this is no JPEG."""
    if not content.startswith(_SOI):
        return None
    at = len(_SOI)
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        if marker in (_SCAN, _END):
            return None
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAME:
            return _of_frame(content[at + 4 : at + 2 + length])
        if length < 2:
            return None
        at += 2 + length
    return None


def _of_frame(header: bytes) -> tuple[int, int] | None:
    """Of precision, height, width, components."""
    if len(header) < 6:
        return None
    height, width = int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big")
    return (width, height) if width and height else None
