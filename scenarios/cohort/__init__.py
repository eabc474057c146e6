"""Cohorts: many virtual patients through the arms of a trial, in batches that can be finished."""
