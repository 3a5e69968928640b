"""What we do about it: rules, incidents, escalation, outbox, console; and the composition root."""
