"""What the mapping of a nest takes, and how two mappings differ."""

from __future__ import annotations

from nopt.dialects.affine_nest import ForOp, MappingAttr
from nopt.dialects.affine_nest.attributes import MAPPING
from nopt.dialects.affine_nest.mapped_nest import estimate_mapping
from nopt.dialects.affine_nest.nest_problem import problem_of
from nopt.hw.array.array_estimate import Estimate


def estimate_of(nest: ForOp) -> Estimate | None:
    """What a nest takes on its array; None without a whole mapping."""
    mapping = nest.attributes.get(MAPPING)
    if not isinstance(mapping, MappingAttr) or not mapping.is_whole:
        return None
    return estimate_mapping(problem_of(nest), mapping)


def terms(said: Estimate) -> dict[str, float]:
    """All numbers of an estimate by name: `cycles`, `cycles dma`, `energy spm`, `spm words x`."""
    return {
        "cycles": said.cycles,
        **{f"cycles {cause}": count for cause, count in said.by_cause.items()},
        "energy": said.energy,
        **{f"energy {level}": round(energy) for level, energy in said.by_level.items()},
        **{
            f"{level} words {name}": count
            for level, words in said.words.items()
            for name, count in words.items()
        },
    }
