"""Faults of the mail store that nobody foresees; what can be foreseen is a result."""


class StoreError(Exception):
    """The store could not do what was asked, and nothing of it was done."""


class MailboxGoneError(StoreError):
    """A mailbox was erased between two statements of one piece of work."""


class BodyGoneError(StoreError):
    """A staged body is not there any more, or stands in two deliveries."""
