"""People and machines that may come in: rights, passwords, sessions, tokens.

Everything that touches the database is a plain function of a `Connection`, to be run by
`Database.write` or `Database.read` (or their `_now` forms on the command line).
"""
