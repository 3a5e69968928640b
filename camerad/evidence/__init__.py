"""Evidence around an event: the main stream's last half minute in memory, and clips cut from it.

`model` has the words, `ring` and `stitching` decide (pure), `packets` is the door to PyAV,
`recorder` keeps a camera's ring filled, `clip_maker` writes one clip. What an incident is, where
its files lie and how long they stay is the business of `linkage`.
"""
