"""`make run`: a PostgreSQL of our own, then the panel, the mail service and the jobs, in one terminal."""
