"""Data only: the table of per-cell columns, the populations, the sites. Behaviour lives in processes."""
