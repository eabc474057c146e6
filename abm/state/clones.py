"""The table of clones: an initial genotype class, a founder's barcode or a mutation event."""

from dataclasses import dataclass, field


@dataclass
class Clones:
    """Append-only columns, one row for each clone; ``clone_id`` is the row."""

    parent: list[int] = field(default_factory=list)
    """Clone from which it arose, -1 for founders."""
    origin_tick: list[int] = field(default_factory=list)
    methylated_alleles: list[int] = field(default_factory=list)
    """-1 for cells without the mechanistic model."""
    gain: list[float] = field(default_factory=list)
    mutations: list[int] = field(default_factory=list)

    def add(
        self, parent: int, tick: int, methylated_alleles: int, gain: float, mutations: int
    ) -> int:
        """Append a clone and return its id."""
        self.parent.append(parent)
        self.origin_tick.append(tick)
        self.methylated_alleles.append(methylated_alleles)
        self.gain.append(gain)
        self.mutations.append(mutations)
        return len(self.parent) - 1

    def __len__(self) -> int:
        return len(self.parent)
