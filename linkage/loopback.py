"""Whether what is sent to a host stays on this machine.

Only addresses and names as settings give them: nothing is looked up, so no DNS has a say in it.
"""

import ipaddress


def stays_here(host: str) -> bool:
    """Whether this address or name is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
