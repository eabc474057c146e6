"""Reports: one HTML page for a run, an assay, a sweep, a cohort or a validation."""
