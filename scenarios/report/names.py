"""What the columns of tables are called on a page: words and a unit in place of a code."""

_UNITS = (
    ("_IU_per_mL", "IU/mL"), ("_um2_per_h", "um2/h"), ("_per_h", "1/h"), ("_uM", "uM"),
    ("_mM", "mM"), ("_ug", "ug"), ("_um", "um"), ("_h", "h"), ("_d", "d"),
)  # fmt: skip
"""Ends of column names that are units, the longer first."""
_LIMITS = (("_low", ", 95 % from"), ("_high", ", 95 % to"))
_WORDS = {
    "asn": "Asn", "gln": "Gln", "asns": "ASNS", "atf4": "ATF4", "s6k": "S6K", "ic50": "IC50",
    "gr50": "GR50", "mtt": "MTT", "auc": "AUC", "lowest": "lowest", "hsa": "HSA", "bliss": "Bliss",
    "mtorc1": "mTORC1", "eif2a": "eIF2a", "log10": "log10",
}  # fmt: skip
"""Parts of names that are not written in small letters."""
_DOSE = "IU/mL"
_TITLES = {
    "n_cells_end": "tumour cells at the end",
    "n_cells_lowest": "fewest tumour cells",
    "log10_fall": "fall of the tumour cells (powers of ten)",
    "lowest_d": "time of the fewest cells (d)",
    "relapse_d": "time to relapse (d)",
    "n_resistant_end": "resistant cells at the end",
    "resistant_share_end": "resistant share at the end",
    "asn_lowest_uM": "lowest asparagine (uM)",
    "asn_end_uM": "asparagine at the end (uM)",
    "end_d": "end of the run (d)",
    "ic50": f"IC50 ({_DOSE})",
    "gr50": f"GR50 ({_DOSE})",
    "plateau": "response at 0.01 IU/mL",
    "auc": "mean response over log dose",
    "message": "remark",
    "gr_message": "remark on GR50",
}
"""What a column is called where its own name does not tell it."""


def title(column: str) -> str:
    """Return what a column of a summary or of results is called, with its unit where it has one.

    A dotted path stays as it is, since it is what a scenario calls the value.
    """
    if column in _TITLES or "." in column:
        return _TITLES.get(column, column)
    for end, words in _LIMITS:
        if column.endswith(end) and column != end:
            name, bracket, unit = title(column.removesuffix(end)).partition(" (")
            return f"{name}{words}{bracket}{unit}"
    for end, unit in _UNITS:
        if column.endswith(end) and column != end:
            return f"{_spelled(column.removesuffix(end))} ({unit})"
    return _spelled(column)


def _spelled(name: str) -> str:
    words = [_WORDS.get(word, word) for word in name.split("_")]
    if words[0] == "n":
        words[0] = "number of"
    return " ".join(words)
