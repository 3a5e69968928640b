"""The household net's registry: villages, grids, estates, groups and households, and their history.

What devices there are and how they are let in belongs to `linkage.enrolment`, whether they live to
`linkage.supervision`, the books that stations inspect to `linkage.ledgers`.
"""
