"""Run the command line as ``python -m streamloss``."""

import sys

from .cli import main

sys.exit(main())
