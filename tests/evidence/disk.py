"""A disk that fills: of what is written beyond a size a part is taken, and the next call says so."""

import resource
from contextlib import contextmanager


@contextmanager
def full_at(size):
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
