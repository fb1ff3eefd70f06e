"""The engine-step benchmark: one batch, given to TRL and to our engine."""
