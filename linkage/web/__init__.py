"""The HTTP API and the console's files, served by aiohttp. Deny by default."""
