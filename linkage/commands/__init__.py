"""The subcommands of `lianfang`, a file each: arguments in, exit status out.

Every module has `add(subparsers)`. A command returns its exit status; an expected failure is
raised as one of our exceptions and printed by `linkage.cli` as one sentence.
"""
