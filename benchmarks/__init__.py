"""Every number we claim, as a command. Ratios within one run; never a bare time alone."""
