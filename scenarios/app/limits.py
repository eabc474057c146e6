"""How much the page takes on: sizes of scenarios, of what is kept, and the number of visitors."""

from pathlib import Path

from abm.errors import ScenarioError
from scenarios.load_text import LARGEST_FILE, parse_text
from scenarios.patch import derived
from scenarios.schema import Scenario
from scenarios.schema.environment import Body, Tissue

LARGEST_NUMBER_OF_CELLS = 50_000
"""Single cells at the start, over populations and replicates; weighted agents do not count."""
LARGEST_NUMBER_GROWN = 200_000
"""Single cells at which a simulation stops by itself."""
LARGEST_NUMBER_OF_VOXELS = 100_000
LARGEST_NUMBER_OF_ROWS = 200_000
"""Rows of the time series over the whole run, over all replicates."""
LARGEST_HISTORY = 64 * 2**20
"""Bytes of frames kept for each arm; beyond it every second one goes."""
LARGEST_NUMBER_OF_VISITORS = 8
LARGEST_MESSAGE = 2 * 2**20
"""Bytes of one message from a browser."""
LONGEST_ABSENCE = "2m"
"""How long a simulation waits for its page to come back, such as after a lost connection."""

_PROSE = ("description", "sources")
_PATH_STARTS = ("/", "./", "../", "~", "\\")
_FILE_ENDS = (".yaml", ".yml", ".json", ".csv", ".tsv", ".parquet", ".zarr", ".py", ".txt")
_REMEDY = "run it with `asnsim run`"


def check_size(scenario: Scenario) -> None:
    """Raise ScenarioError for a scenario that is too large for the page, or its lesion."""
    if isinstance(scenario.environment, Body) and scenario.environment.patch is not None:
        check_size(derived(scenario))
    n_cells = scenario.replicates * sum(
        entry.number for entry in scenario.cells if not scenario.is_weighted(entry)
    )
    environment = scenario.environment
    n_voxels = 0
    if isinstance(environment, Tissue):
        n_voxels = 1
        for n in environment.n_voxels:
            n_voxels *= n
    time = scenario.time
    for what, number, largest in (
        ("single cells", n_cells, LARGEST_NUMBER_OF_CELLS),
        ("voxels", n_voxels, LARGEST_NUMBER_OF_VOXELS),
        (
            "rows of results",
            scenario.replicates * (time.end_ticks // time.record_ticks),
            LARGEST_NUMBER_OF_ROWS,
        ),
    ):
        if number > largest:
            raise ScenarioError(
                f"{scenario.name}: has {number:,} {what}: the page takes at most {largest:,}: "
                f"{_REMEDY}"
            )


def read_upload(name: str, data: bytes) -> str:
    """Return the text of a file that a visitor sent.

    Raises ScenarioError, before anything in it is taken for a scenario, where it is too large, no
    UTF-8 text, no YAML, or names a file or folder.
    """
    shown = Path(name.replace("\\", "/")).name[:80] or "upload"
    if len(data) > LARGEST_FILE:
        raise ScenarioError(f"{shown}: has {len(data):,} bytes: at most {LARGEST_FILE:,} (256 KiB)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{shown}: byte {error.start}: is no UTF-8 text") from None
    tree = parse_text(text, shown)
    for path, value in _texts({k: v for k, v in tree.contents.items() if k not in _PROSE}, ()):
        if value.startswith(_PATH_STARTS) or value.lower().endswith(_FILE_ENDS):
            raise ScenarioError(
                f"{shown}: line {tree.line(path)}: {'.'.join(map(str, path))}: {value[:60]!r} "
                "names a file: an uploaded scenario may name none"
            )
    return text


def _texts(node: object, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    """Return all texts inside of plain contents with their paths."""
    if isinstance(node, dict):
        return [found for key, value in node.items() for found in _texts(value, (*path, key))]
    if isinstance(node, list):
        return [found for i, value in enumerate(node) for found in _texts(value, (*path, i))]
    return [(path, node.strip())] if isinstance(node, str) else []
