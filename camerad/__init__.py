"""What cameras see: discovery, ONVIF, capture, motion and loitering, health, evidence.

Cameras and zones come in through constructors; events go out through a port. Nothing here knows
alarms, incidents, people or a database.
"""
