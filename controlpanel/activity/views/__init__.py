"""Pages over journal and mail store: an owner's mail and sessions, and who changed what."""
