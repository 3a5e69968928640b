"""The map: whose tiles lie under it, what stands on it, and which cameras see what of it.

Every coordinate that is kept, sent or answered is WGS-84. What an installer reads off a Chinese
map (GCJ-02) is turned into it where it is typed or imported.
"""
