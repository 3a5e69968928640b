"""Accounts, second factors and sessions, on either engine."""

import pytest

from alarms.store import SealedBox
from linkage import people as calling
from linkage.accounts import people, second_factor, sessions, tokens, totp
from linkage.accounts.errors import WrongCode
from linkage.accounts.people import Wanted
from linkage.accounts.second_factor import Proof

BOX = SealedBox(bytes(32))
NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
STEP_MS = totp.STEP_MS


def add(conn):
    people.add(
        conn,
        "wang",
        display_name="王强",
        unit="综治中心",
        role="administrator",
        places=["*"],
        password_hash="…",
        now_ms=NOW_MS,
        expires_at_ms=NOW_MS + HOUR_MS,
    )


async def test_a_second_factor_is_enrolled_used_up_and_taken_away(either_database):
    def work(conn):
        add(conn)
        secret = second_factor.begin(conn, BOX, "wang", now_ms=NOW_MS)
        # begun twice: only the second secret counts
        secret = second_factor.begin(conn, BOX, "wang", now_ms=NOW_MS)
        first = totp.code_of(secret, totp.step_of(NOW_MS))
        codes = second_factor.confirm(conn, BOX, "wang", first, now_ms=NOW_MS)
        later_ms = NOW_MS + STEP_MS
        code = totp.code_of(secret, totp.step_of(later_ms))

        def use(typed):
            return second_factor.use(conn, BOX, "wang", typed, now_ms=later_ms)

        assert use(code) is Proof.CODE
        assert use(codes[3].lower()) is Proof.RECOVERY
        for used in (first, code, codes[3]):
            with pytest.raises(WrongCode):
                use(used)
        assert second_factor.enrolled(conn, "wang").recovery_left == 9
        assert second_factor.all_enrolled(conn) == {"wang"}
        assert second_factor.reset(conn, "wang")
        assert not second_factor.reset(conn, "wang")
        assert second_factor.enrolled(conn, "wang") is None

    await either_database.write(work)


async def test_a_session_is_locked_listed_and_ends_with_its_account(either_database):
    def work(conn):
        add(conn)
        token = sessions.start(conn, "wang", now_ms=NOW_MS, address="10.0.0.1", browser="x" * 300)
        digest = tokens.digest(token)
        sessions.note_presence(conn, digest, sound_unlocked=True, visible=True, now_ms=NOW_MS)
        assert calling.attended_usernames(conn, NOW_MS) == {"wang"}
        sessions.lock(conn, digest, now_ms=NOW_MS)
        assert calling.attended_usernames(conn, NOW_MS) == frozenset()
        (one,) = sessions.list_open(conn, now_ms=NOW_MS)
        assert (one.address, len(one.browser), one.is_locked) == ("10.0.0.1", 200, True)
        assert (one.ends_ms, one.seen_ms) == (NOW_MS + HOUR_MS, NOW_MS)
        sessions.slide(conn, digest, now_ms=NOW_MS + HOUR_MS // 2)
        assert sessions.find(conn, digest, now_ms=NOW_MS + HOUR_MS - 1).is_locked
        assert sessions.find(conn, digest, now_ms=NOW_MS + HOUR_MS) is None
        sessions.unlock(conn, digest)
        assert not sessions.find(conn, digest, now_ms=NOW_MS).is_locked
        sessions.end_listed(conn, one.id)
        assert sessions.list_open(conn, now_ms=NOW_MS) == []

    await either_database.write(work)


async def test_what_changes_of_an_account_is_told_and_ends_its_sessions_where_it_must(
    either_database,
):
    def work(conn):
        add(conn)
        sessions.start(conn, "wang", now_ms=NOW_MS)
        ends_ms = NOW_MS + HOUR_MS
        same = Wanted("王强", "综治中心", "administrator", ["*"], True, ends_ms)
        assert people.change(conn, "wang", same, now_ms=NOW_MS) == []
        renamed = Wanted("王刚", "综治中心", "administrator", ["*"], True, ends_ms)
        assert people.change(conn, "wang", renamed, now_ms=NOW_MS) == ["display_name"]
        assert len(sessions.list_open(conn, now_ms=NOW_MS)) == 1
        freed = Wanted("王刚", "综治中心", "administrator", ["*"], True, None)
        assert people.change(conn, "wang", freed, now_ms=NOW_MS) == ["expires_at_ms"]
        assert sessions.list_open(conn, now_ms=NOW_MS) == []

    await either_database.write(work)
