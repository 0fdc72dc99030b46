"""Settings of the unit tests: properties have no deadline, because the machine may be busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=30)
settings.load_profile("unit")
