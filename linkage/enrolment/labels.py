"""The sheet of labels: what the QR code of a label says, and the page to print.

Pure, and slow: a code takes some milliseconds to draw. The page is shown once and kept nowhere.
What the code says is in docs/buttons.md; makers of buttons rely on it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from linkage import qr
from linkage.enrolment.changing import Label

STYLE_PATH = "/api/v1/devices/label-sheet.css"
_PER_PAGE = 10

_KINDS = {
    "button": ("报警按钮", "Button"),
    "siren": ("警报器", "Siren"),
    "loudspeaker": ("广播喇叭", "Loudspeaker"),
}

# a label is 105 x 57 mm: two columns of five on A4, the ten households of a group on one page
STYLE = """\
@page { size: A4; margin: 6mm 0; }
body { margin: 0; font: 3.6mm/1.4 sans-serif; color: #000; background: #fff; }
header { padding: 4mm 6mm; }
.page { display: grid; grid-template-columns: 105mm 105mm; grid-auto-rows: 56mm;
  break-after: page; }
.label { display: flex; gap: 4mm; align-items: center; box-sizing: border-box; padding: 4mm;
  border: 0.1mm dashed #999; overflow: hidden; break-inside: avoid; }
.label svg { flex: none; width: 44mm; height: 44mm; }
.label p { margin: 0 0 1mm; }
.label .home { font-size: 5.2mm; font-weight: bold; }
.label .id { font-family: monospace; overflow-wrap: anywhere; }
.label .what { font-size: 2.9mm; }
@media print { header { display: none; } }
"""


@dataclass(frozen=True)
class WayIn:
    """How devices reach the broker, as every label says it."""

    host: str
    port: int
    tls: bool
    prefix: str
    site_name: str


def qr_text(label: Label, way: WayIn) -> str:
    """What the code says: one JSON object, as a button's maker reads it."""
    given = label.given
    said: dict[str, object] = {
        "v": 1,
        "host": way.host,
        "port": way.port,
        "tls": way.tls,
        "prefix": way.prefix,
        "kind": label.kind,
        "device": given.device,
        "login": given.login,
        "password": given.password,
    }
    if given.key:
        said["key"] = given.key_text
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def page_of(labels: Sequence[Label], way: WayIn, *, made_on: str) -> str:
    """The page to print: ten labels a sheet of A4, by village, group and household."""
    ordered = sorted(labels, key=_order)
    pages = [ordered[at : at + _PER_PAGE] for at in range(0, len(ordered), _PER_PAGE)]
    title = f"{way.site_name} 设备标签 Device labels"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="zh"><head><meta charset="utf-8">',
            f"<title>{escape(title)}</title>",
            f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body>',
            f"<header><h1>{escape(title)}</h1>",
            "<p>本页只显示这一次，请马上打印；关闭后不能再打开，只能重新发放。</p>",
            "<p>This page is shown only once: print it now. Once closed it is gone, and the labels "
            "must be made again.</p>",
            f"<p>{len(ordered)} 张 labels · {escape(made_on)}</p></header>",
            *(
                f'<section class="page">{"".join(_label(one, way, made_on) for one in page)}'
                "</section>"
                for page in pages
            ),
            "</body></html>",
        )
    )


def _order(label: Label) -> tuple[str, str, str, str]:
    home = label.home
    return home.village or "", home.group or "", home.label or "", label.given.device


def _label(label: Label, way: WayIn, made_on: str) -> str:
    home = label.home
    kind = " ".join(_KINDS.get(label.kind, (label.kind, "")))
    place = " · ".join(part for part in (home.village, home.group) if part) or "未安装 not placed"
    name = home.label or home.group or label.given.device
    todo = (
        "扫码后按一次“测试”即入网 Scan, then press test once"
        if label.kind == "button"
        else "扫码后即可使用 Scan to set up"
    )
    return (
        f'<div class="label">{qr.as_svg(qr_text(label, way))}<div>'
        f'<p class="home">{escape(name)}</p>'
        f"<p>{escape(place)}</p>"
        f'<p class="id">{escape(label.given.device)}</p>'
        f'<p class="what">{escape(kind)}<br>{escape(way.site_name)}<br>{escape(made_on)}</p>'
        f'<p class="what">{todo}</p></div></div>'
    )
