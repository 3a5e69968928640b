"""The demo: a small invented town on embedded parts, with simulated cameras and buttons.

Nothing of it is imported by the service itself.
"""
