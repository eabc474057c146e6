"""Values of any scenario or assay from a table of targets: one best point, or a posterior."""
