"""The six steps of an incident: what is possible, what it changes, and the desk where it happens.

`moves` is the table; `checks`, `taking`, `events` and `due_times` are pure; the rest writes.
"""
