"""From samples to estimates: pure functions of evidence; the only room that imports SciPy."""
