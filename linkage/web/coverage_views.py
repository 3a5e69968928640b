"""The shapes of coverage by village, and making them."""

import json
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from linkage.registry.coverage import VillageCoverage


class VillageCoverageView(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    total: int | None
    enrolled: int
    covered: int
    rate: float | None
    model_village: bool
    boundary: Any


class CoverageView(Struct, frozen=True, kw_only=True):
    model_village: float
    """From which rate a village counts as 示范村."""
    items: list[VillageCoverageView]


def coverage(
    found: Iterable[VillageCoverage], *, model_village: float, boundaries: bool
) -> CoverageView:
    return CoverageView(
        model_village=model_village,
        items=[
            VillageCoverageView(
                id=one.id,
                name=one.name,
                total=one.total,
                enrolled=one.enrolled,
                covered=one.covered,
                rate=one.rate,
                model_village=one.model_village,
                boundary=json.loads(one.boundary) if boundaries and one.boundary else None,
            )
            for one in found
        ],
    )
