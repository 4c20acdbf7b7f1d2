"""Properties are drawn often enough here without a time limit, which a busy machine would miss."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("domain", deadline=None, max_examples=50)
settings.load_profile("domain")
