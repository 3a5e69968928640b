"""A manifest's lines: each where it was signed to stand. Pure."""

from dataclasses import replace

from alarms.store.chain import GENESIS, canonical, digest_of
from linkage.custody.manifest import SIGNED, Line, differences, faults, parse, text_of


def is_signed(text: str, signature: str) -> bool:
    return signature == f"signed {text}"


def line(n: int, previous: str, said: str = "x") -> Line:
    entry = {"n": n, "prev": previous, "said": said}
    digest = digest_of(canonical(entry))
    return Line(entry, digest, f"signed {SIGNED}{digest}")


def manifest(count: int = 3) -> list[Line]:
    lines: list[Line] = []
    for n in range(1, count + 1):
        lines.append(line(n, lines[-1].digest if lines else GENESIS))
    return lines


def test_a_manifest_comes_back_from_its_text():
    lines = manifest()
    assert parse(text_of(lines)) == lines
    assert list(faults(lines, is_signed)) == []
    assert list(differences(lines, lines)) == []


def test_each_wrong_line_is_named():
    one, two, three = manifest()
    first, *_ = faults([one, None, three], is_signed)
    assert first == "line 2 cannot be read"
    edited = replace(two, entry={**two.entry, "said": "y"})
    assert list(faults([one, edited, three], is_signed)) == [
        "line 2 was changed: it is not what was signed"
    ]
    unsigned = replace(two, signature="?")
    assert list(faults([one, unsigned, three], is_signed)) == [
        "line 2 is not signed with the site's key"
    ]
    assert "is entry 3: reordered" in next(faults([one, three, two], is_signed))


def test_a_signed_line_of_another_manifest_does_not_follow():
    one, _, three = manifest()
    other = line(2, "f" * 64)
    assert next(faults([one, other, three], is_signed)) == (
        "line 2 does not follow the line before"
    )


def test_what_is_no_line_is_none():
    assert parse('{"entry": 1}\nnot JSON\n[]\n') == [None, None, None]


def test_files_are_compared_with_the_store_line_by_line():
    one, two, three = manifest()
    other = line(2, one.digest, "other")
    assert list(differences([one, other, three], [one, two, three])) == ["line 2 was changed"]
    assert list(differences([two, one, None], [one, two, three])) == [
        "line 1 was line 2: reordered",
        "line 2 was line 1: reordered",
        "line 3 was changed",
    ]
    assert list(differences([one], [one, two, three])) == ["2 lines are missing at the end"]
    assert list(differences([one, two], [one])) == ["1 lines are too many"]
