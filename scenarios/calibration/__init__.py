"""Calibration: parameters of the cell and of lines are fitted to a table of targets.

The file says which parameters vary and what was published (:mod:`scenarios.calibration.schema`);
:func:`scenarios.calibration.run.calibrate` is the command.
"""
