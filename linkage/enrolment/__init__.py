"""Giving devices their keys and logins, and taking them away: labels, first tests, rotation.

How a press is checked against them belongs to `alarms`.
"""
