"""What cameras say of themselves, and what we make of it: wired buttons, their own alarms, faults.

Speaking with cameras is the matter of `camerad`; presses and alarms go into the one log.
"""
