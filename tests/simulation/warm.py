"""Imported once by the process that the soak's workers are forked from: what they share is ready, and is kept."""

import gc

from tests.simulation.run import lived

lived(0)
gc.collect()
gc.freeze()
