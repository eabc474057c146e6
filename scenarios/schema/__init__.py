"""What a scenario may hold: frozen models with units, and the rules that join their fields."""

from scenarios.schema.cells import (
    CellPopulation,
    Clock,
    FixedRateCells,
    Inheritance,
    MechanisticCells,
)
from scenarios.schema.environment import Environment, MediumEvent, Serum, Tissue, Vessels, Well
from scenarios.schema.scenario import Scenario
from scenarios.schema.timing import StopAtCells, Timing
from scenarios.schema.treatment import Amount, Condition, Dose, Patient, Rule, Treatment

__all__ = [
    "Amount",
    "CellPopulation",
    "Clock",
    "Condition",
    "Dose",
    "Environment",
    "FixedRateCells",
    "Inheritance",
    "MechanisticCells",
    "MediumEvent",
    "Patient",
    "Rule",
    "Scenario",
    "Serum",
    "StopAtCells",
    "Timing",
    "Tissue",
    "Treatment",
    "Vessels",
    "Well",
]
