"""Chinese as people type it without a Chinese keyboard. The only importer of pypinyin."""

import os
from functools import cache, lru_cache
from itertools import product
from types import ModuleType

_READINGS_OF_ALL = 8
"""Of a text with characters that are read in several ways; the usual ones come first."""


@cache
def _pypinyin() -> ModuleType:
    """At the first search: its dictionary takes 13 MB, and 57 with the phrases, of which single
    characters need none."""
    os.environ["PYPINYIN_NO_PHRASES"] = os.environ["PYPINYIN_NO_DICT_COPY"] = "true"
    import pypinyin

    return pypinyin


@lru_cache(maxsize=20_000)
def _readings(character: str) -> tuple[str, ...]:
    """Every way to read one character, without tones; the character itself where it has none."""
    library = _pypinyin()
    (found,) = library.pinyin(character, style=library.Style.NORMAL, heteronym=True)
    return tuple(dict.fromkeys(one.lower() for one in found))


def usual_spelling(text: str) -> tuple[str, str]:
    """Full spelling and initials, each character read as usual: `wangxiaoming`, `wxm`."""
    syllables = [_readings(character)[0] for character in text if not character.isspace()]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


def name_spellings(name: str) -> tuple[set[str], set[str]]:
    """As `usual_spelling`, in every way a short name may be read: 单 is Shan and Dan."""
    each = [_readings(character) for character in name if not character.isspace()]
    ways = list(zip(range(_READINGS_OF_ALL), product(*each), strict=False))
    return (
        {"".join(way) for _, way in ways},
        {"".join(syllable[:1] for syllable in way) for _, way in ways},
    )
