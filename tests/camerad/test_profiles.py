"""Which streams of a device are watched, which are kept, and which cameras it speaks for."""

import pytest

from camerad.model import StreamProfile
from camerad.profiles import channels, encoding, largest, smallest_fit


def profile(
    width: int, height: int, code: str = "H264", source: str = "", uri: str | None = "rtsp://cam/x"
) -> StreamProfile:
    return StreamProfile(f"{width}-{code}", "", width, height, code, 25.0, uri, None, source)


@pytest.mark.parametrize(
    ("sizes", "fit"),
    [
        ([(1920, 1080), (704, 576), (352, 288)], 704),
        ([(640, 360), (704, 576)], 640),
        ([(352, 288), (176, 144)], 352),
        ([(3840, 2160)], 3840),
    ],
)
def test_detection_takes_the_smallest_stream_that_is_high_enough(
    sizes: list[tuple[int, int]], fit: int
) -> None:
    chosen = smallest_fit([profile(*size) for size in sizes])
    assert chosen is not None
    assert chosen.width == fit


@pytest.mark.parametrize(
    ("codes", "taken"),
    [
        (["H265", "H264"], "H264"),
        (["JPEG", "H265"], "H265"),
        (["JPEG"], "JPEG"),
        (["JPEG", ""], ""),
    ],
)
def test_of_two_of_one_size_detection_takes_the_one_that_is_cheaper(
    codes: list[str], taken: str
) -> None:
    chosen = smallest_fit([profile(704, 576, code) for code in codes])
    assert chosen is not None
    assert chosen.encoding == taken


def test_evidence_takes_the_largest_stream_with_an_address() -> None:
    offered = [profile(704, 576), profile(1920, 1080), profile(3840, 2160, uri=None)]
    chosen = largest(offered)
    assert chosen is not None
    assert chosen.width == 1920


def test_evidence_takes_motion_jpeg_only_where_there_is_nothing_else() -> None:
    chosen = largest([profile(1920, 1080, "JPEG"), profile(704, 576, "H265")])
    assert chosen is not None
    assert chosen.encoding == "H265"


def test_a_camera_without_streams_offers_none() -> None:
    assert smallest_fit([profile(704, 576, uri=None)]) is None
    assert largest([]) is None


def test_each_video_source_is_a_camera_counted_from_one() -> None:
    small, large = profile(704, 576, source="b"), profile(1920, 1080, source="b")
    silent = profile(8, 8, source="c", uri=None)
    found = channels([small, profile(1920, 1080, source="a"), large, silent])
    assert [(c.number, c.source) for c in found] == [(1, "b"), (2, "a"), (3, "c")]
    assert (found[0].detection, found[0].evidence) == (small, large)
    assert (found[2].detection, found[2].evidence) == (None, None)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("h.265", "H265"), ("HEVC", "H265"), ("AVC", "H264"), ("H-264", "H264"), ("JPEG", "JPEG")],
)
def test_an_encoding_has_one_spelling(said: str, meant: str) -> None:
    assert encoding(profile(1, 1, said)) == meant
