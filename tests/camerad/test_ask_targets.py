"""Which listed addresses may be asked one by one."""

import pytest

from camerad.ask_targets import addresses_in, is_private
from camerad.errors import BadTargets


def test_addresses_ranges_and_networks_are_written_out_once_each() -> None:
    listed = ["192.168.10.20", "192.168.10.19-192.168.10.21", "10.1.2.0/30", "10.9.9.9/32"]
    assert addresses_in(listed) == [
        "192.168.10.20", "192.168.10.19", "192.168.10.21", "10.1.2.1", "10.1.2.2", "10.9.9.9",
    ]  # fmt: skip


def test_nothing_listed_is_nobody_asked() -> None:
    assert addresses_in([]) == []


def test_a_network_of_a_whole_site_is_allowed() -> None:
    assert len(addresses_in(["172.16.0.0/20"])) == 4094


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("8.8.8.8", "private"),
        ("192.168.0.0/15", "private"),
        ("10.255.255.250-11.0.0.5", "private"),
        ("172.32.0.1", "private"),
        ("10.0.0.0/8", "4096"),
        ("10.0.0.0-10.0.16.0", "4096"),
        ("10.0.0.9-10.0.0.1", "before"),
        ("camera-7", "forms"),
        ("10.0.0.0/64", "forms"),
        ("", "forms"),
        ("10.0.0.5-", "forms"),
    ],
)
def test_an_entry_that_is_public_too_large_or_no_address_is_named(entry: str, word: str) -> None:
    with pytest.raises(BadTargets, match=word) as refused:
        addresses_in([entry])
    assert repr(entry) in str(refused.value)


def test_many_small_entries_cannot_be_too_many_together() -> None:
    with pytest.raises(BadTargets, match="4096"):
        addresses_in(["10.0.0.0/20", "10.1.0.0/20"])
    with pytest.raises(BadTargets, match="4096"):
        addresses_in(["10.0.0.0/20", "10.1.0.0/20", "10.2.0.0/28"])


@pytest.mark.parametrize(
    ("address", "private"),
    [("10.0.0.1", True), ("127.0.0.1", True), ("8.8.8.8", False), ("camera", False)],
)
def test_a_private_address_is_told_from_others(address: str, private: bool) -> None:
    assert is_private(address) is private
