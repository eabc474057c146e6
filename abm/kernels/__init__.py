"""The only compiled code: plain arrays in, plain arrays out, no import from the rest of ``abm``."""
