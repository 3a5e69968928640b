"""Accounts, passwords, tokens, the sign-in gate."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select

from alarms.store import Database
from linkage import schema as s
from linkage.accounts import people, sessions, tokens
from linkage.accounts.errors import BadAccount, NameTaken, NoSuchAccount
from linkage.accounts.gate import ADDRESS_FREE_TRIES, LONGEST_WAIT_S, SignInGate
from linkage.accounts.passwords import Passwords
from linkage.accounts.rights import Places, Role
from tests.stores import migrated_sqlite

WANG = {
    "display_name": "王强",
    "unit": "综治中心",
    "role": "duty-officer",
    "places": ["*"],
    "password_hash": "$argon2id$…",
    "now_ms": 1,
}


@pytest.fixture
def quick():
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def database(tmp_path):
    database = Database(migrated_sqlite(tmp_path / "town.db"))
    await database.open()
    villages = insert(s.villages).values([{"id": "dongcun", "name": "东村"}])
    await database.write(lambda conn: conn.execute(villages))
    yield database
    await database.close()


def add(conn, username="wang", **changed):
    return people.add(conn, username, **{**WANG, **changed})


async def test_an_account_is_found_as_it_was_added(database):
    added = await database.write(lambda conn: add(conn, places=["dongcun"]))
    found = await database.read(lambda conn: people.find(conn, "wang"))
    assert found == added
    assert found.principal.places == Places.of(["dongcun"])
    assert found.principal.role is Role.DUTY_OFFICER
    assert "argon2id" not in repr(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"username": "Wang"},
        {"username": "../etc"},
        {"username": ""},
        {"username": "machine:x"},
        {"display_name": ""},
        {"role": "emperor"},
        {"places": []},
        {"places": ["nowhere"]},
    ],
)
async def test_an_account_that_makes_no_sense_is_refused(database, changed):
    with pytest.raises(BadAccount):
        await database.write(lambda conn: add(conn, **changed))
    assert await database.read(people.list_all) == []


async def test_a_wrong_role_is_answered_with_the_right_ones(database):
    with pytest.raises(BadAccount, match="shift-leader"):
        await database.write(lambda conn: add(conn, role="boss"))


async def test_a_name_is_given_once(database):
    await database.write(add)
    with pytest.raises(NameTaken):
        await database.write(add)


async def test_a_new_password_ends_all_sessions_of_the_person(database):
    await database.write(add)
    token = await database.write(lambda conn: sessions.start(conn, "wang", now_ms=1))
    await database.write(lambda conn: people.set_password(conn, "wang", "new hash"))
    found = await database.read(lambda conn: sessions.find(conn, tokens.digest(token), now_ms=2))
    assert found is None


async def test_a_password_of_nobody_cannot_be_changed(database):
    with pytest.raises(NoSuchAccount):
        await database.write(lambda conn: people.set_password(conn, "nobody", "hash"))


async def test_the_store_holds_no_secret_that_would_open_a_session(database):
    await database.write(add)
    token = await database.write(lambda conn: sessions.start(conn, "wang", now_ms=1))
    row = (await database.read(lambda conn: conn.execute(select(s.sessions)).all()))[0]
    assert token not in str(row)
    assert len(token) >= 43  # 256 bits


async def test_sessions_that_ran_out_are_cleared_by_the_next_one(database):
    await database.write(add)
    await database.write(lambda conn: sessions.start(conn, "wang", now_ms=1))
    later = 2 + sessions.LIFETIME_MS
    await database.write(lambda conn: sessions.start(conn, "wang", now_ms=later))
    rows = await database.read(lambda conn: conn.execute(select(s.sessions)).all())
    assert len(rows) == 1


async def test_a_machines_token_works_until_it_is_revoked(database):
    token = await database.write(
        lambda conn: tokens.create(conn, "12345", role="dispatcher", places=["*"], now_ms=1)
    )
    machine = await database.read(lambda conn: tokens.find(conn, tokens.digest(token)))
    assert (machine.username, machine.machine) == ("machine:12345", True)
    with pytest.raises(NameTaken):
        await database.write(
            lambda conn: tokens.create(conn, "12345", role="patrol", places=["*"], now_ms=1)
        )
    await database.write(lambda conn: tokens.revoke(conn, "12345"))
    assert await database.read(lambda conn: tokens.find(conn, tokens.digest(token))) is None
    with pytest.raises(NoSuchAccount):
        await database.write(lambda conn: tokens.revoke(conn, "12345"))


async def test_only_the_right_password_matches(quick):
    kept = await quick.hash("correct horse")
    assert await quick.matches(kept, "correct horse")
    assert not await quick.matches(kept, "correct mouse")
    assert not await quick.matches(None, "correct horse")
    assert not await quick.matches("not a hash", "correct horse")


@pytest.mark.parametrize("password", ["", "too short", "x" * 257])
async def test_a_password_too_short_or_too_long_is_refused(quick, password):
    with pytest.raises(BadAccount):
        await quick.hash(password)


def test_passwords_are_argon2id_of_the_strength_the_library_advises():
    assert Passwords().hash_now("correct horse").startswith("$argon2id$v=19$m=65536,t=3,")


def test_tries_made_at_the_same_time_do_not_slip_through():
    gate = SignInGate()
    waits = [gate.enter("duty", f"10.0.0.{n}", now_s=0.0) for n in range(20)]
    assert [w is None for w in waits] == [True] * 5 + [False] * 15


def test_many_names_tried_from_one_address_are_held_back():
    gate = SignInGate()
    waits = [gate.enter(f"name{n}", "10.0.0.1", now_s=0.0) for n in range(30)]
    assert sum(w is None for w in waits) == ADDRESS_FREE_TRIES
    assert gate.enter("another", "10.0.0.2", now_s=0.0) is None


def test_a_right_password_forgets_the_accounts_failures():
    gate = SignInGate()
    for _ in range(10):
        for _ in range(4):
            assert gate.enter("duty", "10.0.0.1", now_s=0.0) is None
        gate.succeeded("duty", "10.0.0.1")
        for _ in range(3):
            gate.succeeded("duty", "10.0.0.1")
    assert gate.enter("duty", "10.0.0.1", now_s=0.0) is None


def test_the_wait_has_a_cap_so_that_nobody_shuts_the_officer_out_for_long():
    gate = SignInGate()
    now_s, waits = 0.0, []
    for _ in range(30):
        wait_s = gate.enter("duty", "10.0.0.1", now_s=now_s)
        if wait_s is not None:
            waits.append(wait_s)
            now_s += wait_s
    assert max(waits) == LONGEST_WAIT_S


def test_old_failures_are_forgotten():
    gate = SignInGate()
    for _ in range(5):
        gate.enter("duty", "10.0.0.1", now_s=0.0)
    assert gate.enter("duty", "10.0.0.1", now_s=1.0) is not None
    assert all(gate.enter("duty", "10.0.0.1", now_s=1000.0) is None for _ in range(5))


def test_names_without_end_do_not_fill_the_memory():
    gate = SignInGate()
    for number in range(30_000):
        gate.enter(f"name{number}", f"address{number}", now_s=0.0)
    assert len(gate._tries) <= 10_000
