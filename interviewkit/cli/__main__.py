"""`python -m interviewkit.cli`."""

import sys

from interviewkit.cli import main

sys.exit(main())
