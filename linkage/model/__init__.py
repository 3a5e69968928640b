"""The words of `linkage`, a file a noun.

Only the standard library and the words of `alarms`; nothing here reads, writes or waits.
"""
