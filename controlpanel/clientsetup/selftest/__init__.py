"""The panel looks at itself from outside, as a mail client would: DNS, certificate, POP3 dialogue, set-up files.

It connects to addresses of PUBLIC_HOST and CHECKED_HOSTS alone, at the ports of the service, and to nothing that a
form names (reach.py): nobody gets a door into the inner network.
"""
