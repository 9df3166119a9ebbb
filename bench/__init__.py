"""Casilla beside Dovecot on this machine: `make bench`. What is measured and how: docs/benchmarks.md."""
