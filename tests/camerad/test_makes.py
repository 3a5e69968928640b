"""What is known of makes: how they write their addresses, and which one a device is of."""

import pytest

from camerad.errors import CameraTalksNonsense
from camerad.makes import TEMPLATES, Make, make_of, stream_addresses


@pytest.mark.parametrize(
    ("make", "channel", "main", "sub"),
    [
        (Make.HIKVISION, 1, "/Streaming/Channels/101", "/Streaming/Channels/102"),
        (Make.HIKVISION, 17, "/Streaming/Channels/1701", "/Streaming/Channels/1702"),
        (
            Make.DAHUA, 3,
            "/cam/realmonitor?channel=3&subtype=0", "/cam/realmonitor?channel=3&subtype=1",
        ),
        (Make.UNIVIEW, 1, "/video1", "/video2"),
        (Make.TP_LINK, 1, "/stream1", "/stream2"),
    ],
)  # fmt: skip
def test_make_and_address_give_the_main_and_the_sub_stream(
    make: Make, channel: int, main: str, sub: str
) -> None:
    assert stream_addresses(make, "192.168.1.64", channel) == (
        f"rtsp://192.168.1.64{main}",
        f"rtsp://192.168.1.64{sub}",
    )


def test_another_port_is_written_into_the_address() -> None:
    main, _ = stream_addresses(Make.TP_LINK, " 10.0.0.5 ", port=8554)
    assert main == "rtsp://10.0.0.5:8554/stream1"


@pytest.mark.parametrize(
    ("make", "host", "channel", "port", "word"),
    [
        (Make.HIKVISION, "camera-7", 1, 554, "address"),
        (Make.HIKVISION, "192.168.1.64/x", 1, 554, "address"),
        (Make.HIKVISION, "192.168.1.64", 0, 554, "channel"),
        (Make.HIKVISION, "192.168.1.64", 1, 0, "port"),
        (Make.UNIVIEW, "192.168.1.64", 2, 554, "recorders"),
    ],
)
def test_what_does_not_go_together_is_said(
    make: Make, host: str, channel: int, port: int, word: str
) -> None:
    with pytest.raises(CameraTalksNonsense, match=word):
        stream_addresses(make, host, channel, port)


@pytest.mark.parametrize(
    ("said", "make"),
    [
        (("HIKVISION", "DS-2CD"), Make.HIKVISION),
        (("Dahua",), Make.DAHUA),
        (("", "VIGI C340"), Make.TP_LINK),
        (("UNV",), Make.UNIVIEW),
        (("Lianfang", "Simulated"), None),
    ],
)
def test_a_device_is_known_by_its_own_words(said: tuple[str, ...], make: Make | None) -> None:
    assert make_of(*said) is make


def test_every_make_has_a_hint_in_both_languages() -> None:
    assert set(TEMPLATES) == set(Make)
    assert all(" / " in known.hint for known in TEMPLATES.values())
