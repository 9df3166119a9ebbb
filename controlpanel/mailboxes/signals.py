"""What the mail store wants to hear from here, though nothing here may know the mail store."""

from django.dispatch import Signal

# Sent with `domain`, `mailbox` or `device` (numbers; the others None), inside the transaction of the change: who is
# signed in to mail there may stay no longer. `mailbox` with `device` 0 means those who used the main password.
sign_in_ended = Signal()
