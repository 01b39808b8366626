"""What this project claims about speed and memory, as programs anybody can run again."""

import sys
from pathlib import Path

# A checkout's own environment holds what the package needs, but not the package.
_PLUGINS = str(Path(__file__).parents[1] / "plugins")
if _PLUGINS not in sys.path:
    sys.path.insert(0, _PLUGINS)
