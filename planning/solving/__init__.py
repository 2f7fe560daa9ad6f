"""The planner's mathematics: arrays in, arrays out; knows neither Django nor the database.

``plan`` of ``planner`` takes a ``Problem`` and gives a ``Plan``; both are in ``problem``.
"""

import hashlib
from pathlib import Path

import numba

# numba compiles a routine anew when its own file changes, not when one that it calls does: what is
# kept from one state of the sources is never used with another.
_COMPILED = ("choosing", "ground", "improving", "routes", "seating")
_SOURCES = b"".join(Path(__file__).with_name(f"{name}.py").read_bytes() for name in _COMPILED)
_KEPT: str = getattr(numba.config, "CACHE_DIR", "")
if _KEPT:
    _STATE = hashlib.sha256(_SOURCES).hexdigest()[:16]
    vars(numba.config)["CACHE_DIR"] = str(Path(_KEPT) / _STATE)
