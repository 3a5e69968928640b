"""Who is called, when and how, until somebody has it: plans, the clock's looks, confirmations.

`deciding` and what it uses are pure; `carrier` runs one look.
"""
