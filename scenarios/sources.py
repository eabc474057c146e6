"""What a finished run may be kept for: the same sources."""

import functools
from pathlib import Path

from abm.record.checkpoint import digest_of, engine_digest


@functools.cache
def sources_digest() -> str:
    """Return a hash of the sources of the engine and of what builds, runs and reads a scenario."""
    return engine_digest() + digest_of(Path(__file__).parent)
