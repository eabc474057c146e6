"""Data only: the table of per-cell columns, populations, sites. Behaviour lives in processes."""
