"""What published assays show, as small cultures: orderings and mechanisms, no fitted number."""

import numpy as np
import pandas as pd
import pytest

from abm.errors import ScenarioError
from scenarios.studies.families import family
from scenarios.studies.knock_down import ceiling, first_rate_estimate
from scenarios.studies.load import load_assay

SMALL = ["agents_per_well=60", "has_noise=false"]


def run(name, *overrides):
    assay = load_assay(name, [*SMALL, *overrides])
    return family(assay.assay).run(assay)


@pytest.fixture(scope="module")
def knock_down():
    found = run("asns-knock-down", "hours=72 h", "overexpression=1", "replicates=2"
               ).results  # fmt: skip
    found = found[found["readout"] == "count"]
    return found.set_index(["product", "variant"])


def test_knock_down_moves_the_ic50_from_loss_of_gln_to_loss_of_asn(knock_down):
    """S10, A2: hundreds of times, and not further than the chemistry of the medium allows."""
    silenced = knock_down.loc[("e-coli", "knock-down to 10 %")]
    assert 100.0 < silenced["fold"] < silenced["ceiling"]
    assert silenced["ic50"] < 1e-3 < 0.03 < knock_down.loc[("e-coli", "parental"), "ic50"]


def test_without_glutaminase_the_line_with_synthetase_has_no_ic50(knock_down):
    """A13: it keeps more than half of its cells at 10 IU/mL; the knock-down does not."""
    parental = knock_down.loc[("glutaminase-free", "parental")]
    assert np.isnan(parental["ic50"]) and parental["message"]
    free, wild = (knock_down.loc[(p, "knock-down to 10 %"), "ic50"]
                  for p in ("glutaminase-free", "e-coli"))  # fmt: skip
    assert free == pytest.approx(wild, rel=0.5)


def test_the_ceiling_of_the_fold_is_that_of_the_published_estimate():
    """RPMI-1640, glutaminase share 1.9 %: 493-fold at 2.5 %, so 649; no ceiling without it."""
    assert first_rate_estimate("e-coli", 378.8, 2054.8) == pytest.approx(
        493.0 * 2.5 / 1.9, rel=0.01
    )
    assert first_rate_estimate("e-coli", 378.8, 2054.8) < ceiling("e-coli", 378.8, 2054.8)
    assert ceiling("erwinaze", 378.8, 2054.8) < ceiling("e-coli", 378.8, 2054.8)
    assert np.isinf(ceiling("glutaminase-free", 378.8, 2054.8))


def test_death_and_arrest_are_told_apart():
    """S7, S16, S21: at 1 IU/mL MOLT-4 dies, A549 stops and stays alive."""
    found = run("annexin", "hours=48 h", "doses=[0 IU/mL, 1 IU/mL]").results
    found = found.set_index(["line", "dose_IU_per_mL"])
    assert found.loc[("molt-4", 1.0), "live"] < 0.65 < 0.8 < found.loc[("a549", 1.0), "live"]
    for line in ("molt-4", "a549"):
        cells = found["cells_per_well"]
        assert cells[(line, 1.0)] < 0.5 * cells[(line, 0.0)]
    assert found.loc[("molt-4", 1.0), ["early", "late"]].gt(0.05).all()


@pytest.fixture(scope="module")
def dropout():
    found = run("dropout", "line=[jurkat, a549]", "hours=48 h").results
    return found.pivot(index="group", columns="line", values="count")


def test_each_line_needs_another_amino_acid(dropout):
    """S20, S21: Jurkat above all Asn, A549 above all Gln; 0.1 mM Asn brings Jurkat back."""
    assert dropout.loc["-Asn", "jurkat"] < 0.3 < 0.6 < dropout.loc["-Asn", "a549"]
    assert dropout.loc["-Gln", "a549"] < 0.35 < 0.45 < dropout.loc["-Gln", "jurkat"] < 0.75
    assert (dropout.loc["-Asn +Asn"] > 0.88).all()
    assert (dropout.loc["-Ser"] < 0.9).all()


def test_the_two_mistakes_hide_the_need_for_asn(dropout):
    """S15: Asn of serum that is not dialysed, or of medium that is not washed out."""
    right = dropout.loc["-Asn", "jurkat"]
    for mistake in ("-Asn, serum not dialysed", "-Asn, not washed"):
        assert dropout.loc[mistake, "jurkat"] > 1.5 * right


def test_truth_table_of_mtorc1():
    """S4, S27: Leu through Rag, Asn and Gln through Arf1; starvation takes it away."""
    found = run("mtorc1", "hours=1 h", "replicates=1", "asn=0.5 mM").results
    restored = found.pivot(index="refeed", columns="genotype", values="restored")
    signal = found.pivot(index="refeed", columns="genotype", values="mtorc1")
    assert signal.loc["starved", "wild type"] < 0.6 * signal.loc["fed", "wild type"]
    assert restored.loc["+Asn 0.5 mM", ["wild type", "RagA/B off"]].gt(0.2).all()
    assert restored.loc["+Leu", ["wild type", "Arf1 off"]].gt(0.2).all()
    assert restored.loc["+Leu", "RagA/B off"] < 0.05
    assert restored.loc[["+Asn 0.5 mM", "+Gln"], "Arf1 off"].lt(0.05).all()


def test_message_rises_where_the_promoter_is_open_and_protein_follows_later():
    """A5, A7, S9."""
    found = run("asns-expression", "hours=[12 h, 24 h]").results
    found = found[found["time_h"] > 0.0].pivot(
        index="time_h", columns="methylated_alleles", values=["mrna_true", "protein_true"]
    )
    message, protein = found["mrna_true"], found["protein_true"]
    assert (message["0"] > 2.5).all() and (message["2"] < 1.1).all()
    assert protein.loc[12.0, "0"] < 0.6 * message.loc[12.0, "0"]
    assert protein.loc[24.0, "0"] > 1.2 * protein.loc[12.0, "0"]


def test_asn_brings_back_growth_under_a_block_of_electron_transport():
    """S14."""
    found = run("etc-rescue", "line=a549", "concentrations=[0 uM, 0.1 uM]").results
    growth = found.pivot(
        index=["block", "concentration_uM"], columns="asn_added_uM", values="net_growth_per_h"
    )
    blocked = growth.loc[("rotenone", 0.1)]
    assert blocked[0.0] < 0.6 * growth.loc[("rotenone", 0.0), 0.0]
    assert blocked[100.0] > 1.5 * blocked[0.0]


def test_a_drug_with_itself_has_a_loewe_index_of_one():
    """C28 in the dish: where Bliss sees an interaction, Loewe sees none."""
    found = run("combination", "partner=sham", "line=molt-4", "agents_per_well=200",
                "doses=[0 IU/mL, 5e-5 IU/mL, 1e-4 IU/mL]").results  # fmt: skip
    index = found["combination_index"].dropna()
    assert len(index) >= 2
    assert index.to_numpy() == pytest.approx(1.0, abs=0.2)
    both = found[(found["dose_IU_per_mL"] > 0.0) & (found["partner_dose"] > 0.0)]
    assert both["bliss_excess"].max() > 0.2


def test_readings_repeat_with_the_seed_and_change_with_it():
    changes = ["hours=24 h", "n_doses=4", "dilution_factor=100", "replicates=1", "has_noise=true"]
    first, again = (run("mtt", *changes).readings for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = run("mtt", *changes, "seed=2").readings
    assert not np.array_equal(first["absorbance"], other["absorbance"])


def test_an_assay_longer_than_its_medium_is_refused():
    with pytest.raises(ScenarioError, match=r"longer than the medium lasts.*ran out of Gln by"):
        run("mtt", "hours=72 h", "cells_per_well=200000", "n_doses=4", "replicates=1")
