"""A second look, optional: a person detector is asked about those who are about to loiter.

It answers "a person, or not", and nothing of anyone is kept. What belongs here: when it is asked,
what its answer changes, and the one door to the network. What does not: who lingers
(`camerad.detection`), and which network a site has chosen (`linkage`).
"""
