"""Whether every device still lives, and the maintenance orders for those that do not.

Never mixed with emergencies: nothing here opens an incident or rings.
"""
