"""Pages of operators and administrators, and the device passwords of owners. Each asks rules.py, each change is one of changes."""
