"""Looking at cameras: who may now, for what stated reason, and the register of looks.

`deciding` says yes or no (pure), `facts` reads what it needs, `register` writes down who looked at
what, why, from when and how long. How the picture comes is the matter of `camerad.live`.
"""
