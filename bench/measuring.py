"""What one part cost and the least it could: the figures that are printed and written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Figures:
    part: str
    floor: str
    rows: int
    seconds: float
    floor_seconds: float
    rows_per_second: int
    times_floor: float
    target: float
    peak_mib: float
    floor_peak_mib: float

    @classmethod
    def of(
        cls,
        part: str,
        floor: str,
        *,
        rows: int,
        seconds: float,
        floor_seconds: float,
        target: float,
        peak_mib: float,
        floor_peak_mib: float,
    ) -> Self:
        return cls(
            part,
            floor,
            rows,
            round(seconds, 4),
            round(floor_seconds, 4),
            round(rows / seconds),
            round(seconds / floor_seconds, 2),
            target,
            round(peak_mib, 1),
            round(floor_peak_mib, 1),
        )

    @property
    def holds(self) -> bool:
        return self.times_floor <= self.target


def high_water() -> int:
    """In KiB, from Linux; ``ru_maxrss`` would still know of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
