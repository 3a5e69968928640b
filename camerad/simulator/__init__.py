"""Simulated cameras for the demo and the tests: drawn films, ONVIF, WS-Discovery, RTSP.

Nothing outside this package may import it at module level, because it needs the `demo` extra
(PyAV); the product itself never does. Nothing here knows the rest of `camerad` but its errors.
"""
