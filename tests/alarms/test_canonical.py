"""The canonical text of facts: what digests and links are made of."""

import json

from hypothesis import given
from hypothesis import strategies as st

from alarms.store.chain import canonical

WORDS = st.text(max_size=12)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | WORDS
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def facts(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    within = leaves | st.lists(leaves, max_size=3) | st.dictionaries(WORDS, leaves, max_size=3)
    return st.dictionaries(WORDS, within, max_size=4)


@given(facts(PLAIN))
def test_it_is_the_text_that_every_json_library_writes_with_sorted_keys(value: dict[str, object]):
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(value) == plain


@given(facts(PLAIN | FLOATS))
def test_it_reads_back_as_the_same_facts(value: dict[str, object]):
    assert json.loads(canonical(value)) == value


@given(st.permutations(["a", "b", "é", "中", "Z", "0", ""]))
def test_the_order_of_the_keys_does_not_matter(names: list[str]):
    assert canonical(dict.fromkeys(names, 1)) == canonical(dict.fromkeys(sorted(names), 1))
