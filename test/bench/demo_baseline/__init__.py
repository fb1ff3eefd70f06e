"""The R-Zero demo in plain torch: what `demo.baseline.py` runs."""
