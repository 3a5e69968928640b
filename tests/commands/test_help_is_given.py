"""Help for every command, and wrong usage."""

import pytest

from linkage.cli import _parser
from tests.commands.running import lianfang

COMMANDS = (
    "run",
    "demo",
    "check-config",
    "discover",
    "analyze",
    "tune",
    "alarms export",
    "audit verify",
    "button press",
    "user add",
    "user passwd",
    "user list",
    "token create",
)


def test_help_names_every_command() -> None:
    done = lianfang("--help")
    assert done.status == 0, done.err
    for command in COMMANDS:
        assert command.split()[0] in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_both_languages(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        # the parser alone: a process for each of twelve texts would take half a minute
        _parser().parse_args([*command.split(), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: lianfang {command}" in text
    assert " / " in text
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_an_unknown_command_is_wrong_usage() -> None:
    done = lianfang("dance")
    assert done.status == 2
    assert "dance" in done.err
    assert "Traceback" not in done.err


def test_a_role_that_is_not_built_yet_is_said_to_be() -> None:
    done = lianfang("run", "--config", "nowhere", "--role", "cameras")
    assert done.status == 2
    assert "--role all" in done.complaint


@pytest.mark.parametrize(
    "words",
    [
        ("discover", "--timeout", "0"),
        ("discover", "--timeout", "nan"),
        ("discover", "--interface", "999.1.1.1"),
        ("button", "press", "--config", "nowhere", "--device", "x", "--rate", "nan"),
    ],
)
def test_a_number_that_makes_no_sense_is_wrong_usage(words: tuple[str, ...]) -> None:
    done = lianfang(*words)
    assert (done.status, len(done.err.splitlines())) == (2, 1), done.err
    assert words[-2] in done.err
