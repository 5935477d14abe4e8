"""Attributes of nests: names and rules of all that passes and people write there.

`schedule` is one, too; `tensor_intrinsic` owns it, since it speaks of that level's loops.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.irdl import IRDLOperation
from xdsl.utils.exceptions import VerifyException

from nopt.dialects.affine_nest.lanes import LanesAttr
from nopt.dialects.affine_nest.nest_mapping import MappingAttr
from nopt.dialects.affine_nest.orders import BadOrder, check_order
from nopt.dialects.annotations import (
    PLACEMENT,
    RULES,
    Rule,
    of_kind,
    one_of,
    verify_annotations,
)

IN_READER = "reader"
"""Placement of a product whose sums its one reader computes for its own tiles."""

MUST_RUN_ON = "must_run_on"
"""Of a nest: "core" if its `graph` op was placed there, so that nothing else will do."""

LANES = "lanes"
"""Of a nest that the core will run: which iterators and dimensions become lanes."""

ORDER = "order"
"""Of a nest: the order of its result, see `orders`."""

MAPPING = "mapping"
"""Of a nest: how its loops are shared out among the levels of an array, see `nest_mapping`."""

_RULES: Mapping[str, Rule] = {
    **RULES,
    PLACEMENT: one_of("core", "host", IN_READER),
    MUST_RUN_ON: one_of("core"),
    LANES: of_kind(LanesAttr, "#affine_nest.lanes<…>"),
    ORDER: of_kind(AffineMapAttr, "affine_map<…>"),
    MAPPING: of_kind(MappingAttr, "#affine_nest.mapping<…>"),
}


def verify_attributes(nest: IRDLOperation, result_shape: tuple[int, ...]) -> None:
    """Raises VerifyException for what a nest's attributes may not be."""
    verify_annotations(nest, _RULES)
    if isinstance(order := nest.attributes.get(ORDER), AffineMapAttr):
        try:
            check_order(order.data, result_shape)
        except BadOrder as error:
            raise VerifyException(str(error)) from error
