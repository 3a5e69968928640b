"""`lianfang rules check` and `lianfang rules explain`."""

from zoneinfo import ZoneInfo

from sqlalchemy import delete

from alarms.log import AlarmLog
from alarms.model import AlarmKind, AlarmSource, NewAlarm
from lianfang_timing import SystemClock
from linkage.changes import Changes
from linkage.engine import Engine
from linkage.rules.model import Rules
from linkage.schema import accounts, sessions
from tests.commands.running import lianfang
from tests.scenarios.house import House

NIGHT = """
[[rule]]
name = "elsewhere"
[rule.match]
villages = ["nowhere"]

[[rule]]
name = "any"

[[rule]]
name = "never"
[rule.match]
kinds = ["panic"]
"""


async def logged(site: House, *, linked: bool) -> str:
    """The id of a press in the log, dealt with or not."""
    database, clock = site.database(), SystemClock()
    log = AlarmLog(database, clock, writer="main")
    press = NewAlarm(AlarmSource.BUTTON, "b-1", 1, 1, "0" * 64, AlarmKind.PANIC)
    [appended] = await log.append([press])
    if linked:
        engine = Engine(
            database,
            log,
            clock,
            Changes(),
            rules=Rules(),
            time_zone=ZoneInfo("Asia/Shanghai"),
            writer="main",
        )
        await engine.run_once()
    await database.close()
    return appended.alarm_id


async def test_a_site_whose_people_are_reached_checks_well(idle_site: House) -> None:
    done = lianfang("rules", "check", "--config", idle_site.config)
    assert done.status == 0, done.out + done.err
    assert "every alarm reaches a person" in done.out


async def test_a_site_without_people_fails_and_says_which_alarms_reach_nobody(
    idle_site: House,
) -> None:
    database = idle_site.database()
    await database.write(lambda conn: [conn.execute(delete(t)) for t in (sessions, accounts)])
    await database.close()
    done = lianfang("rules", "check", "--config", idle_site.config)
    assert done.status == 1
    assert "无人接 / reaches nobody: 未登记地点 / nowhere known" in done.out
    assert "紧急求助 panic (button)" in done.out


async def test_a_rule_that_is_shadowed_is_noted(idle_site: House) -> None:
    (idle_site.config / "rules.toml").write_text(NIGHT, encoding="utf-8")
    done = lianfang("rules", "check", "--config", idle_site.config)
    assert "规则 never：被规则 any 挡住 / shadowed by rule any" in done.err
    assert "规则 elsewhere：不会命中" in done.err


async def test_an_account_that_is_not_there_is_named(idle_site: House) -> None:
    (idle_site.config / "escalation.toml").write_text(
        '[[plan]]\nname = "own"\n[[plan.step]]\nafter = "0s"\ncall = ["user:ghost"]\n',
        encoding="utf-8",
    )
    done = lianfang("rules", "check", "--config", idle_site.config)
    assert "plan own, step 1: 没有这个账号" in done.err
    assert 'there is no such account in use: "user:ghost"' in done.err


async def test_explaining_tells_each_rule_and_what_was_decided_then_and_now(
    idle_site: House,
) -> None:
    alarm = await logged(idle_site, linked=True)
    (idle_site.config / "rules.toml").write_text(NIGHT, encoding="utf-8")
    done = lianfang("rules", "explain", alarm, "--config", idle_site.config)
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert "  elsewhere: 村不符 / no: villages" in lines
    assert "  any: 命中 / matches" in lines
    assert "  never: 未轮到 / not asked, an earlier one matched" in lines
    then, now = done.out.split("现在 / as it would be decided now:")
    assert "- match_rule: 内置规则" in then
    assert "+ match_rule: 规则 any" in now


async def test_explaining_an_alarm_that_opened_nothing_says_so(idle_site: House) -> None:
    alarm = await logged(idle_site, linked=False)
    done = lianfang("rules", "explain", alarm, "--config", idle_site.config)
    assert "in no incident" in done.out


async def test_an_alarm_that_is_not_there_is_one_sentence(idle_site: House) -> None:
    done = lianfang("rules", "explain", "nothing", "--config", idle_site.config)
    assert done.status == 1
    assert "there is no alarm nothing" in done.complaint
