"""What recurs is said once a period."""

from alarms.seldom import Seldom


def seldom(keys: int = 10) -> Seldom[str]:
    return Seldom(period_s=10.0, keys=keys, others="others")


def test_what_is_new_is_said_at_once() -> None:
    said = seldom()
    said.count("a", "why")
    assert list(said.due(0.0)) == [("a", 1, "why")]


def test_what_recurs_is_said_again_after_a_period_with_how_often() -> None:
    said = seldom()
    said.count("a", "first")
    list(said.due(0.0))
    for _ in range(500):
        said.count("a", "last")
    assert list(said.due(9.9)) == []
    assert list(said.due(10.0)) == [("a", 500, "last")]


def test_what_was_quiet_for_a_period_is_said_at_once_again() -> None:
    said = seldom()
    said.count("a", "why")
    list(said.due(0.0))
    list(said.due(10.0))
    said.count("a", "why")
    assert list(said.due(10.1)) == [("a", 1, "why")]


def test_one_key_does_not_keep_another_quiet() -> None:
    said = seldom()
    said.count("a", "why")
    list(said.due(0.0))
    said.count("b", "why")
    assert list(said.due(1.0)) == [("b", 1, "why")]


def test_names_beyond_the_bound_are_counted_together() -> None:
    said = seldom(keys=2)
    for name in ("a", "b", "c", "d", "e"):
        said.count(name, name)
    assert list(said.due(0.0)) == [("a", 1, "a"), ("b", 1, "b"), ("others", 3, "e")]
