"""An assay by name or file, with overrides, checked and in internal units; and back to text."""

from collections.abc import Sequence
from pathlib import Path

from abm.errors import ScenarioError
from scenarios import catalogue, load_text
from scenarios.load import checked, overridden, resolve, to_yaml
from scenarios.studies.families import family
from scenarios.studies.schema import Assay


def load_assay(
    name: str | Path, overrides: Sequence[str] = (), *, seed: int | None = None
) -> Assay:
    """Return the bundled assay ``name``, or that of a file (ends in .yaml or has a slash).

    ``overrides`` are texts ``path=value`` as of ``--set``; ``seed`` replaces the seed. Raises
    ScenarioError whose text has one line per problem: FILE: line N: path: value: rule: remedy.
    """
    text = load_text.read_file(catalogue.find(name))
    return loads_assay(text, str(name), overrides, seed=seed)


def loads_assay(
    text: str, file: str = "assay", overrides: Sequence[str] = (), *, seed: int | None = None
) -> Assay:
    """Return the assay in ``text``; ``file`` is how messages call it. Raises as ``load_assay``."""
    tree = load_text.parse_text(text, file)
    where = overridden(tree, file, overrides, seed)
    kind = tree.contents.get("assay")
    if not isinstance(kind, str):
        raise ScenarioError(f"{file}: line 1: assay: is missing: the family, e.g. assay: mtt")
    try:
        model = family(kind).model
    except ScenarioError as error:
        raise ScenarioError(f"{where('assay')}: {error}") from None
    assay = checked(model, where)
    assay._name = Path(file).stem
    assay._locate = where
    return assay


def dump_assay(assay: Assay) -> str:
    """Return the assay as YAML with every default filled in, in the units of the author."""
    return to_yaml(resolve(assay, assay._author))
