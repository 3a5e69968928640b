"""`[map]` of `site.toml`: whose tiles lie under the map, if anybody's.

Unset, nothing outside is ever asked: the map is drawn of the registry's own boundaries. Set, the
pages may load pictures from exactly the hosts named here (`Tiles.origins` goes into the pages'
Content-Security-Policy), and each browser asks them itself: who looks where is then no secret to
whoever serves the tiles.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote, urlsplit

import msgspec

from linkage.mapping.sight import FARTHEST_M, USUAL_RANGE_M
from linkage.strict_toml import Distance

MOST_LAYERS = 4
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NEEDED, _KNOWN = frozenset("zxy"), frozenset({"z", "x", "y", "s", "key"})
# what stands in the policy is one word of it: a quotation mark or a semicolon would end it
_ADDRESS = re.compile(
    r"https?://(?:[a-z0-9-]|\{s\})+(?:\.(?:[a-z0-9-]|\{s\})+)*(?::\d{1,5})?/[!-~]*"
)


class TileSystem(StrEnum):
    """In which coordinates the tiles are drawn."""

    WGS84 = "wgs84"
    """天地图 (CGCS2000, the same to within a hand's breadth), and every map from abroad."""
    GCJ02 = "gcj02"
    """高德, 腾讯 and other maps under Chinese law, 100 to 700 m beside it."""


class MapSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[map]`."""

    tiles: list[str] = []
    """Addresses with {z}, {x}, {y}, the undermost first; Web Mercator. None: drawn offline."""
    subdomains: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9]{0,16}\Z")] = ""
    """What {s} stands for, a letter each."""
    attribution: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Whose map it is, with its 审图号; shown in its corner."""
    system: TileSystem = TileSystem.WGS84
    key_file: str | None = None
    """Holds what {key} stands for."""
    deepest_zoom: Annotated[int, msgspec.Meta(ge=1, le=22)] = 18
    """Nearer than this the same tiles are drawn larger."""
    camera_range: Distance = Distance(USUAL_RANGE_M)
    """How far a camera is taken to see of which nobody said so."""


@dataclass(frozen=True)
class Tiles:
    """Whose tiles lie under the map."""

    layers: tuple[str, ...] = field(repr=False)
    """With the key in them."""
    subdomains: str
    attribution: str
    system: TileSystem
    deepest_zoom: int
    origins: tuple[str, ...]
    """Every host that a page may load a tile from, such as `https://t0.example.cn`."""


def tiles_of(settings: MapSettings, key: str) -> Tiles | None:
    """The tiles of these settings; None: there are none, and nobody is asked."""
    if not settings.tiles:
        return None
    layers = tuple(one.replace("{key}", quote(key, safe="")) for one in settings.tiles)
    origins = {_origin(one, s) for one in settings.tiles for s in settings.subdomains or " "}
    return Tiles(
        layers,
        settings.subdomains,
        settings.attribution,
        settings.system,
        settings.deepest_zoom,
        tuple(sorted(origins)),
    )


def mistakes_in(settings: MapSettings) -> Iterator[tuple[str, str, str]]:
    """(key, Chinese, English) of each value that is not allowed."""
    if len(settings.tiles) > MOST_LAYERS:
        yield "tiles", f"最多 {MOST_LAYERS} 层", f"at most {MOST_LAYERS} layers"
    for number, one in enumerate(settings.tiles, start=1):
        for zh, en in _wrong_with(one, settings):
            yield "tiles", f"第 {number} 个地址：{zh}", f"address {number}: {en}"
    if settings.tiles and not settings.attribution.strip():
        yield (
            "attribution",
            '使用他人的地图须注明来源和审图号，如 "天地图 GS(2024)0568号"',
            'a map of somebody else names whose it is, such as "天地图 GS(2024)0568号"',
        )
    if settings.key_file is not None and not any("{key}" in one for one in settings.tiles):
        yield "key_file", "没有地址用到 {key}", "no address has {key} in it"
    if not 0 < settings.camera_range <= FARTHEST_M:
        yield (
            "camera_range",
            f"应为 1 至 {FARTHEST_M:.0f} 米",
            f'between 1 and {FARTHEST_M:.0f} metres, such as "60m"',
        )


def _wrong_with(address: str, settings: MapSettings) -> Iterator[tuple[str, str]]:
    named = set(_PLACEHOLDER.findall(address))
    if not _ADDRESS.fullmatch(address):
        yield (
            "应如 https://主机/路径，主机名小写，中间没有空格和汉字",
            "like https://host/path, the host in lower case, no spaces in it",
        )
    if not named >= _NEEDED:
        yield "须含 {z}、{x}、{y}", "it needs {z}, {x} and {y}"
    if named - _KNOWN:
        odd = "、".join(sorted(named - _KNOWN))
        yield f"不认识 {{{odd}}}", f"nobody knows what {{{odd}}} stands for"
    if "s" in named and not settings.subdomains:
        yield "用了 {s}，须写 subdomains", "{s} needs subdomains"
    if "key" in named and settings.key_file is None:
        yield "用了 {key}，须写 key_file", "{key} needs key_file"


def _origin(address: str, subdomain: str) -> str:
    parts = urlsplit(address.replace("{s}", subdomain))
    return f"{parts.scheme}://{parts.netloc}"
