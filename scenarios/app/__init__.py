"""The page in the browser: one simulation per visitor, its pictures and its controls."""
