"""The directory as PDF. The only importer of reportlab.

Chinese comes from a font that every PDF reader brings along (STSong-Light), so none is embedded.
"""

from html import escape
from io import BytesIO

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from linkage.registry.directory import HEADINGS, Directory, DirectoryGroup

_FONT = "STSong-Light"
_WIDTHS_MM = (20, 38, 32, 38, 82, 57)
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=9, leading=12, wordWrap="CJK")
_HEAD = ParagraphStyle("head", parent=_TEXT, fontSize=12, leading=18, spaceBefore=8)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontSize=16, leading=24)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def pdf_of(directory: Directory, *, title: str, printed: str) -> bytes:
    """The file; `printed` says when and by whom, on every page."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    story = [Paragraph(escape(title), _TITLE), Paragraph(escape(printed), _TEXT)]
    for group in directory.groups:
        story += [Paragraph(escape(f"{group.grid} · {group.name}"), _HEAD), _table(group)]
    if directory.estates:
        story.append(Paragraph("住宅小区 Estates", _HEAD))
        story += [
            Paragraph(escape(f"{one.name}　{one.company}　{one.phone}"), _TEXT)
            for one in directory.estates
        ]
    story.append(Spacer(1, 4 * mm))
    out = BytesIO()
    margin = 15 * mm
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        title=title,
        author="",
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
    )

    def foot(canvas: object, _document: object) -> None:
        canvas.saveState()  # type: ignore[attr-defined]
        canvas.setFont(_FONT, 8)  # type: ignore[attr-defined]
        page = canvas.getPageNumber()  # type: ignore[attr-defined]
        canvas.drawString(margin, 8 * mm, f"{printed}　第 {page} 页")  # type: ignore[attr-defined]
        canvas.restoreState()  # type: ignore[attr-defined]

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _table(group: DirectoryGroup) -> LongTable:
    rows = [[Paragraph(escape(text), _TEXT) for text in HEADINGS]]
    rows += [
        [Paragraph(escape(text), _TEXT) for text in vars(line).values()] for line in group.lines
    ]
    table = LongTable(rows, colWidths=[width * mm for width in _WIDTHS_MM], repeatRows=1)
    table.setStyle(_GRID)
    return table
