"""Losses and metrics by name, and as dicts."""

from __future__ import annotations

import inspect
from typing import Any

from streamloss.support.brief import brief


class Named:
    """What one of Keras' modules finds by name.

    Parameters
    ----------
    what : str
        What it holds, for errors.
    module : str
        Keras' name of the module.
    known : dict
        Functions and classes by name.
    """

    def __init__(self, what: str, module: str, known: dict[str, Any]) -> None:
        self._what, self._module, self._known = what, module, known

    def get(self, identifier: object) -> Any:
        """Return what a name, class, dict or the thing itself means; None for None."""
        if identifier is None:
            return None
        found: Any = identifier
        if isinstance(identifier, dict):
            found = self.deserialize(identifier)
        elif isinstance(identifier, str):
            found = self._known.get(identifier)
        if not callable(found):
            raise ValueError(f"unknown {self._what}: got {brief(identifier)}")
        return found() if inspect.isclass(found) else found

    def serialize(self, value: Any) -> dict[str, Any]:
        """Return a function, or an instance by its class and configuration, as Keras writes it."""
        if inspect.isfunction(value):
            name = value.__name__
            kind = {"module": "builtins", "class_name": "function", "config": name}
            return kind | {"registered_name": "function"}
        kind = {"module": self._module, "class_name": type(value).__name__}
        return kind | {"config": value.get_config(), "registered_name": None}

    def deserialize(self, config: object, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return what `serialize` wrote, or what has a name."""
        known = self._known | (custom_objects or {})
        name = config
        if isinstance(config, dict):
            name = config.get("class_name")
            name = config.get("config") if name == "function" else name
        found: Any = known.get(name) if isinstance(name, str) else None
        if found is None:
            raise ValueError(f"unknown {self._what}: got {brief(config)}")
        if inspect.isclass(found):
            make: Any = found
            return make.from_config(config["config"] if isinstance(config, dict) else {})
        return found
