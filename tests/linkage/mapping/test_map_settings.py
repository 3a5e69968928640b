"""`[map]` of site.toml: nothing outside unless it is named, and then exactly that."""

import pytest

from linkage.errors import BadSettings
from linkage.mapping.settings import MapSettings, TileSystem, mistakes_in, tiles_of
from linkage.settings import load_settings, shipped_folder
from linkage.strict_toml import Distance
from linkage.web.guard import headers_for

VEC = "https://t{s}.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
OWN = "http://10.0.0.9:8081/tiles/{z}/{x}/{y}.png"
WHOSE = "天地图 GS(2024)0568号"


def wrong(**said: object) -> list[str]:
    return [key for key, _, _ in mistakes_in(MapSettings(**said))]  # type: ignore[arg-type]


def test_without_an_address_nobody_is_asked():
    assert tiles_of(MapSettings(), "") is None
    assert wrong() == []


def test_the_key_stands_in_the_addresses_and_in_no_text_of_the_settings():
    settings = MapSettings(tiles=[VEC], subdomains="01", attribution=WHOSE, key_file="key")
    assert list(mistakes_in(settings)) == []
    tiles = tiles_of(settings, "a&b")
    assert tiles is not None
    assert tiles.layers[0].endswith("&tk=a%26b")
    assert "a%26b" not in repr(tiles)
    assert tiles.system is TileSystem.WGS84


def test_every_host_is_named_and_no_other():
    settings = MapSettings(tiles=[VEC, OWN], subdomains="01", attribution=WHOSE, key_file="key")
    tiles = tiles_of(settings, "k")
    assert tiles is not None
    assert tiles.origins == (
        "http://10.0.0.9:8081",
        "https://t0.tianditu.gov.cn",
        "https://t1.tianditu.gov.cn",
    )


def test_the_policy_opens_pictures_for_those_hosts_and_nothing_else():
    shut = headers_for(())["Content-Security-Policy"]
    opened = headers_for(("https://t0.tianditu.gov.cn",))["Content-Security-Policy"]
    assert "http" not in shut
    assert opened == shut.replace(
        "img-src 'self' blob: data:", "img-src 'self' blob: data: https://t0.tianditu.gov.cn"
    )


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"tiles": [OWN]}, "attribution"),
        ({"tiles": ["https://a.cn/{z}/{x}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://a.cn/{z}/{x}/{y}/{r}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://{s}.a.cn/{z}/{x}/{y}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://a.cn/{z}/{x}/{y}?{key}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://a.cn; script-src */{z}/{x}/{y}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://u:p@a.cn/{z}/{x}/{y}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["https://*.a.cn/{z}/{x}/{y}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": ["ftp://a.cn/{z}/{x}/{y}"], "attribution": WHOSE}, "tiles"),
        ({"tiles": [OWN] * 5, "attribution": WHOSE}, "tiles"),
        ({"tiles": [OWN], "attribution": WHOSE, "key_file": "key"}, "key_file"),
        ({"camera_range": Distance(0)}, "camera_range"),
        ({"camera_range": Distance(5000)}, "camera_range"),
    ],
)
def test_what_cannot_be_is_named(said, key):
    assert wrong(**said) == [key]


def test_the_sentence_names_the_file_and_the_key(tmp_path):
    text = (shipped_folder() / "site.toml").read_text(encoding="utf-8")
    (tmp_path / "site.toml").write_text(
        f'{text}\n[map]\ntiles = ["https://a.cn/{{z}}"]\nattribution = "甲"\n', encoding="utf-8"
    )
    with pytest.raises(BadSettings, match=r"site\.toml: map\.tiles: .*\{z\}、\{x\}、\{y\}"):
        load_settings(tmp_path)
