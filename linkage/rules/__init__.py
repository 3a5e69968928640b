"""What is done about which alarm: rules, correlations, their file and their proof. Pure."""
