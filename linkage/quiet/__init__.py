"""Quiet without deafness: silences, maintenance windows, flood mode, drills. Never for a press.

Deciding is pure; the pipeline asks it. Nothing here can hold back an alarm on which a life hangs.
"""
