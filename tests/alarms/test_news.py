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
