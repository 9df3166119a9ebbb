"""`make run`, which is `python -m controlpanel.launcher`."""

import sys

from controlpanel.launcher.run import main

sys.exit(main())
