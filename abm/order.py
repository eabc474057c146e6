"""The order of one step, written once; docs/model.md repeats it word for word."""

ORDER: tuple[str, ...] = (
    "medium_change",
    "dosing",
    "compounds",
    "nutrients",
    "metabolism",
    "contact",
    "fate",
    "inheritance",
    "motion",
    "compaction",
)
"""(change of medium, in wells) -> dosing -> compounds (the cells' parameters change) -> exchange
and nutrients (one coupled implicit solve) -> metabolism and signalling -> contact transfer -> fate
(division and death requests) -> inheritance (mutation, methylation flips, lineage) -> motion ->
compaction (the only place where array length changes) -> observers (read-only) -> stop rules. Fate
asks and inheritance answers within one pass; cells with fixed rates repeat the pair until no time
is left to them in the tick."""
