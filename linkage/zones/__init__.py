"""The zones of cameras: one owner (the store), every version kept, what moved to try them on.

What one zone may say is judged in `camerad.zone_entries`; what is seen in it is the matter of
`camerad`. `deciding` says what a change changes and uncovers (pure), `writing` keeps it.
"""
