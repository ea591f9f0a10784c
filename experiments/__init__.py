"""One command a study: `python -m experiments.NAME --help`."""

import os

# Several architectures are worked on at a time, each with a linear-algebra thread of its own: OpenBLAS's threads spin
# while they wait, and two pools on the same cores took three times as long. Has to be set before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
