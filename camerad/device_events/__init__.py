"""What cameras say of themselves over ONVIF: inputs, their own motion and analytics, their faults.

Speaking SOAP is the matter of `camerad.onvif_door`; what an event means for people, of `linkage`.
"""
