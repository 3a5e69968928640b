"""Taking a camera into service: found, asked, looked through, placed, judged, watched.

`network` speaks to the camera, `judging` decides (pure), `writing` keeps, `filing` lists them all
for the police (备案). Watching what was adopted is `linkage.cameras`' work.
"""
