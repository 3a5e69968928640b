"""The command `lianfang`: exit 0 done, 1 the work failed, 2 wrong usage or configuration."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from alarms.errors import AlarmsError, StoreTooNew, StoreUnusable, UnknownDevice
from camerad.errors import BadZones, CameradError
from linkage.accounts.errors import BadAccount
from linkage.commands import (
    alarms_export,
    analyze,
    audit_verify,
    broker,
    button,
    check_config,
    demo,
    discover,
    evidence,
    registry,
    rules,
    run,
    token,
    tune,
    user,
    zones,
)
from linkage.errors import BadSettings, LinkageError
from linkage.logs import configure_logs

DONE, FAILED, WRONG_USAGE = 0, 1, 2
_COMMANDS = (
    run,
    demo,
    check_config,
    rules,
    discover,
    analyze,
    tune,
    alarms_export,
    audit_verify,
    evidence,
    broker,
    button,
    registry,
    user,
    zones,
    token,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, and turn every expected failure into one sentence on stderr."""
    arguments = _parser().parse_args(argv)
    configure_logs()
    try:
        return int(arguments.function(arguments))
    except (BadAccount, BadSettings, BadZones, StoreTooNew, StoreUnusable, UnknownDevice) as error:
        print(f"lianfang: {error}", file=sys.stderr)
        return WRONG_USAGE
    except (AlarmsError, CameradError, LinkageError) as error:
        print(f"lianfang: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # the reader of our output has gone (such as `| head`); nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lianfang",
        description="联防: 乡镇综治中心值班室软件 / duty-room software for a township's "
        "public-safety centre.",
        epilog="先试用 / try it first: lianfang demo. "
        "环境变量 / environment: LIANFANG_LOG=debug|info|warning.",
    )
    parser.add_argument("--version", action="version", version=f"lianfang {version('lianfang')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
