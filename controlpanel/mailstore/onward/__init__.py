"""Mail that leaves: queued in the delivery that set it off, sent by jobs, and let go of when it ends.

A queued message names the body of the local copy, or has one of its own where no copy stays. While the queue names a
body the message's sweep leaves it alone, and the queue drops a body only where it is no message's.
"""

from controlpanel.mailstore.onward.outward import may_leave, outward, own
from controlpanel.mailstore.onward.passing import Onward, Passed, Passing
from controlpanel.mailstore.onward.queue import enqueue
from controlpanel.mailstore.onward.senders import is_returned_to

__all__ = ["Onward", "Passed", "Passing", "enqueue", "is_returned_to", "may_leave", "outward", "own"]
