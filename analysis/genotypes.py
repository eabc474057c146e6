"""Shares of genotypes over time, in the colours of all figures."""

import pandas as pd

from abm.record import layout
from abm.record.reader import RunReader
from analysis import colours

_OTHERS = "other"
ALLELES = "ASNS alleles"
"""Title of a legend of genotypes."""
_MOST = 8
_LEAST = 0.005
"""A genotype that never reaches this share is one of the others."""


def genotype_shares(run: RunReader, most: int = _MOST) -> pd.DataFrame | None:
    """Return the share of each genotype at each record: index time_h, columns by name.

    Genotypes beyond the ``most`` largest, or never at 0.5 %, are "other"; ``attrs["colours"]`` maps
    names to colours. None where the run has no clones with a genotype. Rows without cells are 0.
    """
    if not run.has(layout.CLONES):
        return None
    table = run.clones
    if (table["methylated_alleles"] < 0).all():
        return None
    summed = table.pivot_table(
        index=layout.TIME, columns=["methylated_alleles", "gain"], values="n_cells",
        aggfunc="sum", fill_value=0,
    ).astype(float)  # fmt: skip
    total = summed.sum(axis=1)
    shares = summed.div(total.where(total > 0.0, 1.0), axis=0)
    largest = shares.max(axis=0)
    kept = largest[largest >= _LEAST].nlargest(most).index
    ordered = sorted(kept, key=lambda genotype: (-genotype[0], genotype[1]))
    found = shares[ordered].copy()
    rest = shares.drop(columns=list(kept)).sum(axis=1)
    named = _colours(ordered)
    found.columns = pd.Index([genotype_name(*genotype) for genotype in ordered])
    if float(rest.max()) >= _LEAST:
        found[_OTHERS] = rest
        named[_OTHERS] = colours.OTHERS
    found.attrs["colours"] = named
    return found


def genotype_name(methylated_alleles: int, gain: float) -> str:
    """Return how figures call a genotype."""
    name = f"{int(methylated_alleles)} methylated"
    return name if gain == 1.0 else f"{name}, gain {gain:g}"


def _colours(genotypes: list[tuple[int, float]]) -> dict[str, str]:
    bases = [colours.genotype(*one) for one in genotypes]
    shades = {base: iter(colours.shades(base, bases.count(base))) for base in bases}
    return {
        genotype_name(*one): next(shades[base]) for one, base in zip(genotypes, bases, strict=True)
    }
