"""Looking at a camera now: from its stream in memory to one viewer, masked before it leaves.

`model` has the words, `codec` and `pacing` decide (pure), `film` and `pictures` make what a browser
shows, `view` serves one viewer in a thread of the camera's worker, `lives` keeps all of a worker's,
`desk` is the main process's side. Who may look, and that it is written down, is the business of
`linkage`.
"""
