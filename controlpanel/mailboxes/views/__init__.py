"""Pages of operators and administrators, and the device passwords of owners: each asks rules.py and calls changes."""
