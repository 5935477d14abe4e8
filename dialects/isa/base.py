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


class InstructionOp(IRDLOperation):
    """What all instructions share: fields that are expressions of `variables`, as symbols."""

    variables = var_operand_def(IndexType)

    def verify_symbols(self, **maps: AffineMapAttr) -> None:
        for name, map in maps.items():
            if map.data.num_dims or map.data.num_symbols != len(self.variables):
                raise VerifyException(
                    f"'{name}' has {map.data.num_dims} dimensions and {map.data.num_symbols} "
                    f"symbols, expected 0 and the {len(self.variables)} loop variables"
                )


def verify_dram(memref: SSAValue) -> None:
    if memory_of(memref.type) is not None:
        raise VerifyException(f"expected a memref in DRAM, found {memref.type}")
