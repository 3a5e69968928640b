"""What moved in motion zones, and when: evidence for people and for search, never an alarm.

Intervals are gathered in memory (`intervals`), written in batches when nothing else waits for the
database (`keeper`), and read by camera, zone and time (`storage`).
"""
