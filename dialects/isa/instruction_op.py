"""What instructions share: fields that are expressions of loop variables."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    AffineMapAttr,
    IndexType,
)
from xdsl.ir import (
    SSAValue,
)
from xdsl.irdl import (
    IRDLOperation,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.tensor_intrinsic import memory_of
from nopt.dialects.tensor_intrinsic.tile_op import verify_magnitudes


class InstructionOp(IRDLOperation):
    """What all instructions share: fields that are expressions of `variables`, as symbols."""

    variables = var_operand_def(IndexType)

    def verify_symbols(self, **maps: AffineMapAttr) -> None:
        for name, attr in maps.items():
            map = attr.data
            found = max([map.num_dims, *(dim + 1 for dim in map.used_dims())])
            if found or map.num_symbols != len(self.variables):
                raise VerifyException(
                    f"'{name}' has {found} dimensions and {map.num_symbols} symbols, "
                    f"expected 0 and the {len(self.variables)} loop variables"
                )
            verify_magnitudes(name, map)


def verify_dram(memref: SSAValue) -> None:
    """Raises VerifyException for a memref in a scratchpad, or what is no memref."""
    if memory_of(memref.type) is not None:
        raise VerifyException(f"expected a memref in DRAM, found {memref.type}")
