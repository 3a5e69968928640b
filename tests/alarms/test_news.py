"""Status and seen messages, read."""

from alarms.model import DeviceReport, SeenNotice
from alarms.news import read_news

BASE = "lianfang/button"


def test_the_last_status_of_each_device_stands() -> None:
    news = read_news(
        [
            (f"{BASE}/b1/status", b'{"v":1,"online":true}', False),
            (f"{BASE}/b2/status", b'{"v":1,"online":true}', False),
            (f"{BASE}/b1/status", b'{"v":1,"online":false}', False),
        ],
        "lianfang",
    )
    assert {device: said["online"] for device, said in news.statuses.items()} == {
        "b1": False,
        "b2": True,
    }


def test_seen_messages_keep_their_order() -> None:
    said = [
        (f"{BASE}/b1/seen", b'{"v":1,"id":"n","state":"read"}', False),
        (f"{BASE}/b1/seen", b'{"v":1,"id":"n","state":"coming"}', False),
    ]
    assert read_news(said, "lianfang").seen == [
        SeenNotice("b1", "n", "read"),
        SeenNotice("b1", "n", "coming"),
    ]


def test_what_cannot_be_read_is_named_and_costs_the_others_nothing() -> None:
    news = read_news(
        [(f"{BASE}/b1/seen", b"[", False), (f"{BASE}/b1/status", b'{"online":true}', False)],
        "lianfang",
    )
    assert [topic for topic, _why in news.unreadable] == [f"{BASE}/b1/seen"]
    assert "b1" in news.statuses


def test_sirens_and_loudspeakers_say_what_they_do():
    said = [
        ("lianfang/siren/s1/status", b'{"v":1,"online":true,"on":true}'),
        ("lianfang/siren/s2/status", b'{"v":1,"online":true,"on":false}'),
        ("lianfang/loudspeaker/l1/status", b'{"v":1,"online":true,"said":"neighbour-needs-help"}'),
        ("lianfang/loudspeaker/l2/status", b'{"v":1,"online":false}'),
        ("lianfang/siren/s3/status", b"on"),
    ]
    news = read_news([(topic, payload, False) for topic, payload in said], "lianfang")
    assert [(s.device, s.kind, s.sounding) for s in news.sounders] == [
        ("s1", "siren", True),
        ("s2", "siren", False),
        ("l1", "loudspeaker", True),
        ("l2", "loudspeaker", False),
    ]
    assert set(news.statuses) == {"s1", "s2", "l1", "l2"}
    assert [topic for topic, _ in news.unreadable] == ["lianfang/siren/s3/status"]


def test_every_report_is_told_with_whether_it_came_as_it_was_said() -> None:
    topic = f"{BASE}/b1/status"
    said = [
        (topic, b'{"v":1,"online":true,"every_s":600,"battery":0.9,"rssi":-70}', True),
        (topic, b'{"v":1,"online":false,"every_s":600}', False),
        (topic, b'{"v":1,"online":true,"tamper":true,"at_ms":1780000000000}', False),
    ]
    assert read_news(said, "lianfang").reports == [
        DeviceReport("b1", live=False, online=True, every_s=600, battery=0.9, rssi=-70),
        DeviceReport("b1", live=True, online=False, every_s=600),
        DeviceReport("b1", live=True, online=True, tamper=True, at_ms=1780000000000),
    ]


def test_a_goodbye_leaves_what_the_device_said_before_in_the_same_batch() -> None:
    full = b'{"online":true,"every_s":600,"battery":0.9,"rssi":-70,"fw":"1.2","tamper":false}'
    will = b'{"v":1,"online":false,"every_s":900}'
    said = [(f"{BASE}/b1/status", one, False) for one in (full, will)]
    kept = read_news(said, "lianfang").statuses["b1"]
    assert (kept["online"], kept["every_s"], kept["battery"]) == (False, 900, 0.9)
    assert (kept["rssi"], kept["fw"], kept["tamper"]) == (-70, "1.2", False)


def test_what_a_device_that_is_there_leaves_out_is_not_known_any_more() -> None:
    said = [
        (f"{BASE}/b1/status", b'{"online":true,"battery":0.9}', False),
        (f"{BASE}/b1/status", b'{"online":true}', False),
    ]
    assert read_news(said, "lianfang").statuses["b1"]["battery"] is None
