"""The JSON schema of scenario files, for editors that complete and check while one types."""

import json
from typing import Any

from scenarios.schema.scenario import Scenario


def editor_schema() -> str:
    """Return the schema as JSON text; committed as scenarios/scenario.schema.json."""
    return json.dumps(_without_null(Scenario.model_json_schema()), indent=1, sort_keys=True) + "\n"


def _without_null(node: Any) -> Any:
    """Drop the alternative null, which the models have for absent keys and files may not use."""
    if isinstance(node, list):
        return [_without_null(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _without_null(value)
        for key, value in node.items()
        if not (key == "default" and value is None)
    }
    if len(kept.get("anyOf", ())) == 1:
        only = kept.pop("anyOf")[0]
        kept = {**only, **kept}
    return kept
