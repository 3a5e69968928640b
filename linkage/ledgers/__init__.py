"""The books that stations inspect: device tests, group notification tests, drills."""
