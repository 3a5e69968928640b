"""The HTTP API and the console's files, served by aiohttp. Deny by default."""

from linkage.web.app import create_app
from linkage.web.ports import ComponentStatus, Ports, SiteFacts, SystemStatus

__all__ = ["ComponentStatus", "Ports", "SiteFacts", "SystemStatus", "create_app"]
