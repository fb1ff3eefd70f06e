"""The R-Zero engine: several policies on one base model, trained and sampled over HTTP (docs/engine-api.md)."""

__version__ = "0.1.0"
