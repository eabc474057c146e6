"""Doses of other patients change no bit of a patient's titre or mixture of enzymes."""

import json

import numpy as np

from abm.pharmacology.cohort import virtual_patients
from abm.pharmacology.held import Given, HeldDoses
from abm.pharmacology.immunity import ImmunityParameters
from abm.pharmacology.plan import Family, PlannedDose
from abm.pharmacology.regimen import Route, parse_amount
from abm.pharmacology.sensitisation import ExposureParameters, Sensitisation

OWN = (0.0, 371.3, 1100.7)
OTHERS = np.linspace(1.7, 1200.3, 31)
PRODUCTS = ("pegaspargase", "e-coli", "erwinaze")


def sensitised(hours):
    """Return the sensitisation of three patients; ``hours``: (hour, patient) of each dose."""
    found = Sensitisation(virtual_patients(3, 5), ImmunityParameters(), ExposureParameters())
    for hour, row in sorted(hours):
        found.expose("pegaspargase", np.array([row]), hour)
    return found


def test_doses_of_others_do_not_touch_a_titre():
    own = [(hour, 1) for hour in OWN]
    alone = sensitised(own)
    among = sensitised(own + [(float(hour), row) for hour in OTHERS for row in (0, 2)])
    for hour in (1150.3, 1500.1, 4000.9):
        titres = [one.titre(Family.E_COLI, hour) for one in (alone, among)]
        assert titres[0][1] == titres[1][1] > 0.0
        assert titres[0][0] == 0.0 < titres[1][0]


def test_titres_go_on_from_a_snapshot():
    before = sensitised([(0.0, 0), (50.3, 1), (700.9, 0)])
    again = sensitised([])
    again.restore(json.loads(json.dumps(before.snapshot())))
    for one in (before, again):
        one.expose("pegaspargase", np.array([0, 1]), 1400.3)
    titres = [one.titre(Family.E_COLI, 2000.7) for one in (before, again)]
    assert titres[0].tobytes() == titres[1].tobytes()


def mixtures(first):
    """Return the mixtures of patients of whom the first gets the products in another order."""
    held = HeldDoses(virtual_patients(40, 5), is_drawn=True, end_hour=200.0)
    one, rest = np.array([0]), np.arange(1, 40)
    for rows, order in ((one, first), (rest, PRODUCTS)):
        for hour, product in enumerate(order):
            amount = parse_amount("6000 IU/m2")
            dose = PlannedDose(product=product, amount=amount, route=Route.IV, hour=float(hour))
            ones = np.ones(rows.shape)
            held.give(Given(dose, rows, 6000.0 * ones, ones, ones))
    return held.mixture(5.0, 11.0)


def test_the_order_in_which_a_batch_meets_products_does_not_matter():
    there, back = mixtures(PRODUCTS), mixtures(PRODUCTS[::-1])
    for left, right in zip(there, back, strict=True):
        assert left[1:].tobytes() == right[1:].tobytes()
