"""Simulate and record: cells as agents, the nutrient field they share, the enzyme that eats it.

This wing knows no scenario file and draws no picture. Imports inside it go one way:
``errors, units <- parameters | kernels <- state, clock, streams <- environment | pharmacology
<- processes <- lineage, model, record``.
"""

__version__ = "0.1.0"
