"""Names that a treatment may use; spelled out because the engine's tables pull in the compiler.

A test holds them against what the engine provides.
"""

PROTOCOLS: dict[str, tuple[str, ...]] = {
    "oncaspar-label": (
        "standard",
        "over-21",
    ),
    "asparlas-label": ("standard",),
    "erwinaze-label": ("mon-wed-fri",),
    "rylaze-label": (
        "mon-wed-fri",
        "every-48-h",
    ),
    "aieop-bfm-2009": (
        "standard",
        "long",
    ),
    "dcog-all-10": ("standard",),
    "dcog-all-11": (
        "individual",
        "fixed",
    ),
    "nopho-all2008": (
        "every-2-weeks",
        "every-6-weeks",
        "five-doses",
    ),
    "eortc-58881": (
        "e-coli",
        "erwinia",
    ),
    "ukall-2003": (
        "regimen-a",
        "regimen-b",
        "regimen-c",
    ),
    "dfci-05-001": (
        "pegaspargase",
        "native",
    ),
    "dfci-11-001": (
        "pegaspargase",
        "calaspargase",
    ),
    "dfci-00-01": (
        "fixed",
        "individual",
    ),
    "ccg-1962": (
        "pegaspargase",
        "native",
    ),
    "pog-8866": (
        "pegaspargase",
        "native",
    ),
    "st-jude-xv": ("low-risk", "higher-risk"),
    "aall0232": (
        "hd-mtx",
        "capizzi",
    ),
    "aall1131": (
        "hd-mtx",
        "capizzi",
    ),
    "aall0932": ("standard",),
    "aall1731": ("standard",),
    "aall1231": ("standard",),
}
"""Arms of every protocol, the default one first."""
DOSED_PARTNERS = ("vincristine", "daunorubicin", "doxorubicin")
"""Partner drugs that are given as single doses."""
SPANNED_PARTNERS = ("prednisone", "dexamethasone", "antimetabolites", "maintenance")
"""Partner drugs that are given from one time to another."""
PARTNERS = (*DOSED_PARTNERS, *SPANNED_PARTNERS)
VARIABILITIES = ("typical", "drawn")
SUBSTITUTES = ("erwinaze", "rylaze")
"""Products that can replace one of the E. coli family."""
MONITORED = ("e-coli", "rasnase", "pegaspargase", "calaspargase", "erwinaze", "rylaze")
MONITORING_ACTIONS = ("note", "switch", "stop", "adjust")
MONITORING_RULES = ("consensus", "dfci-00-01", "dcog-all-11")
"""Published rules of monitoring by name."""
