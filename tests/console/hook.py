"""The console's build hook as a module; it lies outside every package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).resolve().parents[2] / "console" / "hatch_build.py"


def load_hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("console_hatch_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
