"""The size of a JPEG, from its headers; and what is none."""

import pytest

from linkage.custody.jpeg import size_of

_FRAME = b"\xff\xc0\x00\x0b\x08\x00\x03\x00\x04\x01\x01\x11\x00"
PHOTOGRAPH = b"\xff\xd8" + _FRAME + b"\xff\xd9"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (PHOTOGRAPH, (4, 3)),
        # a header of the maker's, filling, and a table before the frame
        (
            b"\xff\xd8\xff\xe1\x00\x04AB\xff\xff\xc4\x00\x03T\xff\x01" + _FRAME,
            (4, 3),
        ),
        (b"", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8", None),
        (b"\xff\xd8\xff\xd9 nothing", None),
        (b"\xff\xd8\xff\xda\x00\x04AB", None),
        (b"\xff\xd8\xff\xe1\x00\x00AB", None),
        (b"\xff\xd8no marker", None),
        (b"\xff\xd8\xff\xc0\x00\x04\x08\x00", None),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x00\x00\x04\x01\x01\x11\x00", None),
    ],
)
def test_the_size_of_a_jpeg_is_read_from_its_headers(content, size):
    assert size_of(content) == size
