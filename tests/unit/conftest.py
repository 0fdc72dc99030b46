"""Settings of the unit tests: properties have no deadline, because the machine may be busy."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=30, derandomize="CI" in os.environ)
settings.load_profile("unit")
