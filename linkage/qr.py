"""QR codes as pictures: the one door to segno. What a code says is whoever draws it's business.

Slow: a code takes some milliseconds.
"""

import segno

_BORDER = 4


def as_svg(text: str) -> str:
    """An `<svg>` without a size of its own, to stand in a page."""
    # level M: a label that hangs for years loses some of its ink
    code = segno.make_qr(text, error="m", boost_error=False)
    return code.svg_inline(border=_BORDER, omitsize=True, svgclass=None, lineclass=None)


def as_data_uri(text: str) -> str:
    """`data:image/svg+xml…`: black on white whatever the page's colours, or no camera reads it."""
    code = segno.make_qr(text, error="m", boost_error=False)
    return code.svg_data_uri(scale=4, border=_BORDER, dark="#000", light="#fff")
