"""Describe, run, serve: the scenario library, its schema, the runner and the command line."""
