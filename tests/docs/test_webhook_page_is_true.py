"""docs/webhook.md is what a station's programmer goes by: its code and its vector must be right."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linkage.ways.settings import load_ways
from linkage.ways.signing import secret_of, signature
from tests.linkage.town import press
from tests.linkage.way_house import SECRET, receiver, station, way_town

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")


def fenced(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


@pytest.fixture
def is_genuine() -> Callable[..., bool]:
    namespace: dict[str, Any] = {}
    exec(fenced("python"), namespace)  # the page's own code is the thing under test
    return namespace["is_genuine"]


async def test_the_pages_code_accepts_what_we_send_and_nothing_else(tmp_path: Path, is_genuine):
    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await town.happens(press("b1", 1))
        [(sent, _, body)] = far.got
        now = town.clock.ms / 1000
    headers = {name.lower(): value for name, value in sent.items()}
    secret = SECRET.decode()
    assert is_genuine(secret, headers, body, now)
    assert not is_genuine(secret, headers, body + b" ", now)
    assert not is_genuine("another secret, long enough", headers, body, now)
    assert not is_genuine(secret, {**headers, "webhook-id": "another"}, body, now)
    assert not is_genuine(secret, headers, body, now + 301)
    assert not is_genuine(secret, {**headers, "webhook-timestamp": "soon"}, body, now)
    both = f"v1,old {headers['webhook-signature']}"
    assert is_genuine(secret, {**headers, "webhook-signature": both}, body, now)


def test_the_pages_vector_is_right(is_genuine):
    secret = re.search(r"`(whsec_[^`]+)`", PAGE.split("To try yours")[1])
    given = re.search(r"`(v1,[^`]+)`", PAGE.split("To try yours")[1])
    assert secret is not None
    assert given is not None
    body = b'{"drill":true}'
    assert signature(secret_of(secret[1]), "webhook-1", 1795233600, body) == given[1]
    headers = {
        "webhook-id": "webhook-1",
        "webhook-timestamp": "1795233600",
        "webhook-signature": given[1],
    }
    assert is_genuine(secret[1], headers, body, 1795233600)


async def test_the_pages_example_has_the_members_we_send(tmp_path: Path):
    def shape(value: object) -> object:
        return {k: shape(v) for k, v in value.items()} if isinstance(value, dict) else None

    async with receiver() as far, way_town(tmp_path, station(far.url)) as town:
        await town.happens(press("b1", 1))
        sent = far.got[0][1]
    assert shape(json.loads(fenced("json"))) == shape(sent)


def test_the_shipped_file_has_no_webhook_and_its_example_is_right(tmp_path: Path):
    shipped = Path(__file__).resolve().parents[2] / "config" / "notify.toml"
    assert load_ways(shipped).webhooks == {}
    text = shipped.read_text(encoding="utf-8")
    example = re.findall(r"^# (\[\[webhook\]\]|[a-z_]+ = .*)$", text, re.MULTILINE)
    (tmp_path / "notify.toml").write_text("\n".join(example), encoding="utf-8")
    (tmp_path / "station.secret").write_text("whsec_" + "AAEC" * 12, encoding="utf-8")
    (tmp_path / "police-ca.pem").write_text("-", encoding="utf-8")
    [webhook] = load_ways(tmp_path / "notify.toml").webhooks.values()
    assert (webhook.name, webhook.confirm_within_s, webhook.deadline_s) == ("station", 30, 7200)
