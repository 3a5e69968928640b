"""What happened: presses and other alarms, their decoding, devices, MQTT intake, the durable log.

Knows nothing of cameras, incidents or people. `alarms.store` owns the database.
"""
