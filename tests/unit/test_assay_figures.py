"""Figures of assays show every line that was run."""

import itertools

import pandas as pd

from analysis.plots.assay_bars import mtorc1_figures, stress_figures

LINES = ("molt-4", "a549")


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_the_truth_table_has_a_panel_for_each_line():
    rows = itertools.product(LINES, ("fed", "+Gln"))
    results = pd.DataFrame(rows, columns=["line", "refeed"]).assign(
        genotype="wild type", hours_after_refeed=1.0, s6k_p=0.5, s6k_p_low=0.4, s6k_p_high=0.6
    )
    (figure,) = mtorc1_figures(results, results, "two lines").values()
    assert titles(figure) == [f"1 h after refeeding, {line}" for line in LINES]


def test_stress_has_a_panel_for_each_line_with_its_own_values():
    rows = itertools.product(LINES, ("untreated", "no glucose"))
    results = pd.DataFrame(rows, columns=["line", "stress"])
    results["mrna_fold"] = [1.0, 2.0, 1.0, 5.0]
    results = results.assign(genotype="wild type", time_h=24.0, protein_fold=1.0, count=1.0)
    figures = stress_figures(results, results, "two lines")
    figure = figures["stress_mrna_fold"]
    assert titles(figure) == [f"{line}, 24 h" for line in LINES]
    heights = [[bar.get_height() for bar in axes.patches] for axes in figure.axes]
    assert heights == [[1.0, 2.0], [1.0, 5.0]]
