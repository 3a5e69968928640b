"""Simulated cameras for the demo and the tests: drawn films, ONVIF, WS-Discovery, RTSP.

Nothing outside this package may import it at module level: the product itself never needs it.
Nothing here knows the rest of `camerad` but its errors.
"""
