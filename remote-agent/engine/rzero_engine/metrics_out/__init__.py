"""Metrics of a run, as lines of JSON on stdin, into TensorBoard event files or Weights & Biases.

A process of its own, one a sink: what happens in here never reaches the run. It needs no torch.
"""
