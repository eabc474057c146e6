"""The order of one step, written once; docs/model.md repeats it word for word."""

ORDER: tuple[str, ...] = (
    "medium_change",
    "dosing",
    "compounds",
    "nutrients",
    "respiration",
    "room",
    "metabolism",
    "contact",
    "fate",
    "inheritance",
    "motion",
    "traffic",
    "compaction",
    "patch",
)
"""(change of medium, in wells) -> dosing -> compounds (the cells' parameters change) -> exchange
and nutrients (one coupled implicit solve) -> respiration (oxygen, in tissues that solve it) ->
room (what crowding leaves of growth, in bodies) -> metabolism and signalling -> contact transfer ->
fate (division and death requests) -> inheritance (mutation, methylation flips, lineage) -> motion
-> traffic (between the compartments of bodies) ->
compaction (the only place where array length changes) -> patch (a lesion that shares the plasma of
a body makes its own steps) -> observers (read-only) -> stop rules. Fate
asks and inheritance answers within one pass; cells with fixed rates repeat the pair until no time
is left to them in the tick."""
