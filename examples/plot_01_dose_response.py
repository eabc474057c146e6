"""
In the dish: dose and response
==============================

What does an MTT assay show for two lines, one poor and one rich in asparagine synthetase?

The assay ``mtt`` is bundled. It simulates every well of the dilution series as a time course of
cells that use up their medium, reads the wells like a plate reader, and fits a curve.
``asnsim run mtt --set line='[molt-4, a549]'`` leaves the same in a folder, with figures.
"""

import matplotlib.pyplot as plt

from asnsim import assay

settings = ["line=[molt-4, a549]", "hours=[72 h]", "replicates=2", "agents_per_well=100"]
outcome = assay("mtt", overrides=settings)
fits = outcome.results.query("readout == 'count'")
fits[["line", "ic50", "ic50_low", "ic50_high", "plateau", "auc"]].round(5)

# %%
# Half doses are in IU/mL. MOLT-4 dies where asparagine is gone. A549 slows down there and stays on
# a plateau, until doses some hundred times higher take its glutamine as well: that is the
# glutaminase of the enzyme. So a half dose says little without its plateau and its hours.

wells = outcome.readings.query("time_h == 72")
figure, axes = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
for line, of_line in wells.groupby("line"):
    live = of_line.groupby("dose_IU_per_mL").n_live.mean()
    axes.plot(live.index, live / live.iloc[0], "o-", label=line)
axes.set_xscale("symlog", linthresh=1e-5)
axes.set_xlabel("E. coli asparaginase [IU/mL]")
axes.set_ylabel("living cells after 72 h, share of untreated")
axes.set_ylim(0)
axes.legend(title="line")
