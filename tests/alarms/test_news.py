"""Status and seen messages, read."""

from alarms.model import SeenNotice
from alarms.news import read_news

BASE = "lianfang/button"


def test_the_last_status_of_each_device_stands() -> None:
    news = read_news(
        [
            (f"{BASE}/b1/status", b'{"v":1,"online":true}'),
            (f"{BASE}/b2/status", b'{"v":1,"online":true}'),
            (f"{BASE}/b1/status", b'{"v":1,"online":false}'),
        ],
        "lianfang",
    )
    assert {device: said["online"] for device, said in news.statuses.items()} == {
        "b1": False,
        "b2": True,
    }


def test_seen_messages_keep_their_order() -> None:
    said = [
        (f"{BASE}/b1/seen", b'{"v":1,"id":"n","state":"read"}'),
        (f"{BASE}/b1/seen", b'{"v":1,"id":"n","state":"coming"}'),
    ]
    assert read_news(said, "lianfang").seen == [
        SeenNotice("b1", "n", "read"),
        SeenNotice("b1", "n", "coming"),
    ]


def test_what_cannot_be_read_is_named_and_costs_the_others_nothing() -> None:
    news = read_news(
        [(f"{BASE}/b1/seen", b"["), (f"{BASE}/b1/status", b'{"online":true}')], "lianfang"
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
    news = read_news(said, "lianfang")
    assert [(s.device, s.kind, s.sounding) for s in news.sounders] == [
        ("s1", "siren", True),
        ("s2", "siren", False),
        ("l1", "loudspeaker", True),
        ("l2", "loudspeaker", False),
    ]
    assert set(news.statuses) == {"s1", "s2", "l1", "l2"}
    assert [topic for topic, _ in news.unreadable] == ["lianfang/siren/s3/status"]
