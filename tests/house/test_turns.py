"""Tests that run side by side take turns with those that measure time."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from tests.brokers import free_port
from tests.turns import Turns


def is_locked(file: Path) -> bool:
    with file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_ordinary_tests_run_side_by_side(tmp_path: Path) -> None:
    turns, met = Turns(tmp_path), Barrier(3)

    def ordinary() -> None:
        with turns.taken(alone=False):
            met.wait(10)

    with ThreadPoolExecutor(3) as workers:
        for done in [workers.submit(ordinary) for _ in range(3)]:
            done.result(10)


def test_who_is_alone_waits_for_those_before_and_holds_up_those_after(tmp_path: Path) -> None:
    turns, said = Turns(tmp_path), list[str]()
    begun, may_end = Event(), Event()

    def ordinary() -> None:
        with turns.taken(alone=False):
            begun.set()
            assert may_end.wait(10)
            said.append("before")

    def take(name: str, *, alone: bool) -> None:
        with turns.taken(alone=alone):
            said.append(name)

    with ThreadPoolExecutor(3) as workers:
        jobs = [workers.submit(ordinary)]
        assert begun.wait(10)
        jobs.append(workers.submit(take, "alone", alone=True))
        while not is_locked(tmp_path / "gate"):
            pass  # until it stands there; a lock gives no event
        jobs.append(workers.submit(take, "after", alone=False))
        may_end.set()
        for job in jobs:
            job.result(10)
    assert said == ["before", "alone", "after"]


def test_a_failed_test_gives_its_turn_back(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with pytest.raises(ZeroDivisionError), turns.taken(alone=True):
        _ = 1 / 0
    assert not is_locked(tmp_path / "room")


def test_ports_come_one_after_another_and_never_from_those_that_clients_get() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(ports) < lowest
