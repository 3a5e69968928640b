"""The custody of evidence: what was kept of an incident, what was not and why, who took it out.

`model` has the words; `manifest`, `admission` and `retention` decide (pure); `ledger` writes the
signed chain; `keeper` enters and deletes; `clips` carries out what was planned; `verifying` tells
whether all of it still stands. Cutting a clip is the business of `camerad.evidence`.
"""
