"""Panels of virtual lines against the distributions that they state."""

import dataclasses
import pickle

import numpy as np
import pytest
from scipy import stats

from abm.errors import ScenarioError
from abm.processes.equilibrium import RPMI_1640, net_growth, solve_translation_rate
from abm.processes.line_panels import PANELS, PanelParameters, line_panel

MANY = 3000


def fields(panel, name):
    return np.array([getattr(line, name) for line in panel.lines])


def normal_scores(values, median, sd):
    return np.log(values / median) / sd


@pytest.mark.parametrize("name", PANELS)
def test_panels_have_their_published_size_and_agree_with_their_record(name):
    panel = line_panel(name)
    assert len(panel.lines) == {"ovarian": 19, "t-all": 22, "colon": 93}[name]
    left = np.array([1.0, 0.6, 0.15])[fields(panel, "methylated_alleles")]
    copies = fields(panel, "asns_set_point") * left
    assert np.allclose(panel.record["copies"], copies, rtol=1e-12)
    assert np.allclose(panel.record["copies_per_pl"] * fields(panel, "volume"), copies, rtol=1e-12)
    assert list(panel.record["line_id"]) == [line.line_id for line in panel.lines]
    assert len(set(panel.record["line_id"])) == len(panel.lines)
    with pytest.raises(ValueError, match="read-only"):
        panel.record["copies"][0] = 1.0


def test_a_line_depends_on_seed_panel_and_index_alone():
    few, many = line_panel("ovarian", 5, 4), line_panel("ovarian", 5, 50)
    assert few.lines == many.lines[:4]
    assert line_panel("ovarian", 6, 4).lines[0].volume != few.lines[0].volume
    assert line_panel("colon", 5, 4).record["message"][0] != few.record["message"][0]
    tight = dataclasses.replace(PANELS["ovarian"][1], volume_sd_log=0.0)
    narrow = line_panel("ovarian", 5, 4, tight)
    assert set(fields(narrow, "volume")) == {2.0}
    assert np.array_equal(narrow.record["copies_per_pl"], few.record["copies_per_pl"])


@pytest.mark.parametrize(("name", "seed"), [("ovarian", 11), ("t-all", 12), ("colon", 13)])
def test_traits_follow_the_stated_distributions(name, seed):
    """Exact Kolmogorov-Smirnov tests of every spread, on lines of one genotype."""
    panel = line_panel(name, seed, MANY)
    stated = panel.parameters
    plain = (panel.record["methylated_alleles"] == 0) & ~panel.record["is_kras_mutant"]
    scores = {
        "message": normal_scores(panel.record["message"][plain], 1.0, stated.message_sd_log),
        "protein": normal_scores(
            panel.record["copies_per_pl"][plain],
            stated.copies_per_pl,
            stated.message_sd_log / stated.message_protein_correlation,
        ),
        "volume": normal_scores(fields(panel, "volume"), stated.volume, stated.volume_sd_log),
        "doubling time": normal_scores(
            fields(panel, "doubling_time"), stated.doubling_time, stated.doubling_time_sd_log
        ),
        "threshold": normal_scores(
            fields(panel, "death_threshold"), stated.death_threshold, stated.death_threshold_sd_log
        ),
    }
    for what, values in scores.items():
        assert stats.kstest(values, "norm", method="exact").pvalue > 0.01, what
    width = stated.gln_addiction_high - stated.gln_addiction_low
    share = (fields(panel, "gln_addiction") - stated.gln_addiction_low) / width
    assert stats.kstest(share, "uniform", method="exact").pvalue > 0.01
    wild_type = int(fields(panel, "p53_wild_type").sum())
    assert stats.binomtest(wild_type, MANY, stated.p53_wild_type_share).pvalue > 0.01


@pytest.mark.parametrize(("name", "seed"), [("ovarian", 21), ("t-all", 22), ("colon", 23)])
def test_s9_message_tells_only_half_of_protein(name, seed):
    """S9: the correlation is the stated one (Fisher z), and translation is independent of size."""
    panel = line_panel(name, seed, MANY)
    plain = (panel.record["methylated_alleles"] == 0) & ~panel.record["is_kras_mutant"]
    record = panel.record[plain]
    message, protein = np.log(record["message"]), np.log(record["copies_per_pl"])
    off = np.sqrt(len(record) - 3.0) * (
        np.arctanh(np.corrcoef(message, protein)[0, 1]) - np.arctanh(0.5)
    )
    assert abs(off) < 2.6
    volume = np.log(fields(panel, "volume"))[plain]
    assert stats.pearsonr(protein - message, volume).pvalue > 0.01


def test_t_all_lines_are_methylated_allele_by_allele():
    """0, 1, 2 methylated alleles in a quarter, half, quarter; each lowers message and protein."""
    record = line_panel("t-all", 31, MANY).record
    counts = np.bincount(record["methylated_alleles"], minlength=3)
    assert stats.chisquare(counts, MANY * np.array([0.25, 0.5, 0.25])).pvalue > 0.01
    medians = [np.median(record["copies"][record["methylated_alleles"] == a]) for a in (0, 1, 2)]
    assert medians[0] > medians[1] > medians[2]
    assert set(line_panel("t-all").record["methylated_alleles"]) == {0, 1, 2}


def test_s12_colon_tumours_split_by_kras_as_published():
    """S12, A23 (calibration): ASNS-high in > 70 % of mutant and 30 % of wild-type tumours."""
    for n in (93, 5000):
        record = line_panel("colon", n_lines=n).record
        mutant = record["is_kras_mutant"]
        assert stats.binomtest(int(mutant.sum()), n, 670 / 1506).pvalue > 0.05
        for group, share in ((mutant, 0.72), (~mutant, 0.30)):
            high = stats.binomtest(int(record["is_asns_high"][group].sum()), int(group.sum()))
            interval = high.proportion_ci(0.95, method="exact")
            assert interval.low <= share <= interval.high
    assert record["is_asns_high"][mutant].mean() > 0.70
    gains = fields(line_panel("colon"), "ras_gain")
    assert np.array_equal(gains > 0.0, line_panel("colon").record["is_kras_mutant"])


@pytest.mark.parametrize("name", PANELS)
def test_drawn_lines_double_in_their_time(name):
    """A26 at the ends of a panel: fastest, slowest, least and most ASNS, within 5 %."""
    panel = line_panel(name)
    time, copies = fields(panel, "doubling_time"), panel.record["copies_per_pl"]
    for index in {time.argmin(), time.argmax(), copies.argmin(), copies.argmax()}:
        line = panel.lines[index]
        rate = solve_translation_rate(line)
        growth = net_growth(line, rate, line.methylated_alleles, medium=RPMI_1640)[0]
        assert np.log(2.0) / growth == pytest.approx(line.doubling_time, rel=0.05)


def test_bad_panels_are_refused():
    with pytest.raises(ScenarioError, match="did you mean 'ovarian'"):
        line_panel("ovarien")
    with pytest.raises(ScenarioError, match="n_lines: 0 must be at least 1"):
        line_panel("colon", n_lines=0)
    with pytest.raises(ScenarioError, match="message_protein_correlation"):
        PanelParameters(message_protein_correlation=0.0)


def test_a_panel_goes_to_worker_processes_whole():
    panel = line_panel("t-all", n_lines=2)
    copied = pickle.loads(pickle.dumps(panel))
    assert copied.lines == panel.lines and copied.parameters == panel.parameters
    assert copied.parameters.source_of("volume") == panel.parameters.source_of("volume")
    assert copied.record.tolist() == panel.record.tolist()
