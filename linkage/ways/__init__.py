"""The ways out of the outbox: members' devices, sirens, loudspeakers, webhooks.

Each is a carrier behind one small port; what is sent, and to whom, was decided before.
"""
