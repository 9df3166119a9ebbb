"""Pages and files for mail clients: public ones by domain, a mailbox's own, and a domain's DNS."""
