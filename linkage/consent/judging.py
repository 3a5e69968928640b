"""Is an agreement whole? Pure. Every refusal names the field and what to do."""

from dataclasses import replace
from datetime import date

from linkage.consent.model import Agreement
from linkage.registry.errors import BadEntry, NotPossible
from linkage.registry.model import Said

LONGEST_NAME = 100
LONGEST_TEXT = 500
PRIVATE = "private"

_WANTED = {
    "agreed_by": (
        LONGEST_NAME,
        Said("请写明同意人姓名（纸上签名的人）", "who agreed: the name under the paper"),
    ),
    "purpose": (LONGEST_TEXT, Said("请写明同意用于什么", "what the camera may be used for")),
    "reference": (
        LONGEST_TEXT,
        Said("请写明书面同意书的编号或存放处", "number of the written consent, or where it lies"),
    ),
}


def judged(agreement: Agreement, today: date) -> Agreement:
    """The agreement as it is to be kept, tidied. Raises BadEntry."""
    tidy = {name: " ".join(getattr(agreement, name).split()) for name in _WANTED}
    for name, (most, missing) in _WANTED.items():
        if not tidy[name]:
            raise BadEntry(name, missing)
        if len(tidy[name]) > most:
            raise BadEntry(name, Said(f"最多 {most} 字", f"at most {most} characters"))
    day = _day(agreement.agreed_on)
    if day is None or day > today:
        raise BadEntry(
            "agreed_on",
            Said("签字日期应为今天或以前的日期", "the day of the signature: today or before"),
        )
    return replace(
        agreement,
        agreed_on=day.isoformat(),
        agreed_by=tidy["agreed_by"],
        purpose=tidy["purpose"],
        reference=tidy["reference"],
    )


def must_be_a_households(legal_class: str) -> None:
    """Consent is for cameras in places that are not public. Raises NotPossible."""
    if legal_class != PRIVATE:
        raise NotPossible(
            Said(
                "这不是住户摄像机：公共场所的摄像机不靠同意",
                "this is no household's camera: those of public places do not rest on consent",
            )
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
