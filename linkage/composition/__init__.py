"""The composition root: builds every object and passes it what it needs, a file a part.

Nothing runs here yet: `main` says in which order the parts are opened, `life` how they live.
"""
