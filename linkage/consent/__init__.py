"""Cameras that households offer (小小探头): what they agreed to, its end, what they may see of it.

`judging` says whether an agreement is whole (pure), `writing` keeps and ends it, `reading` tells it
and what became of the camera since: who looked, what is kept. Whether anybody may look now is
decided in `linkage.looking.deciding`.
"""
