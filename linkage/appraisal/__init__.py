"""考核评价: how long people waited, how much officers were asked, whom a visit would help."""
