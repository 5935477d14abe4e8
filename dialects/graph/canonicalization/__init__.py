"""Rewrites that `canonicalize` applies to the ops of `graph`.

They keep every integer bit for bit, and every float, too: sums inside one convolution, product or
mean are exact. What rounds otherwise is a pass of its own.
"""

from functools import cache

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from nopt.dialects.graph.canonicalization import fold_arithmetic as arithmetic
from nopt.dialects.graph.canonicalization import fold_clips as ranges
from nopt.dialects.graph.canonicalization import fold_constants as constants
from nopt.dialects.graph.canonicalization import fold_moves as moves
from nopt.dialects.graph.canonicalization import fold_windows as windows

_RULES = (
    *constants.RULES,
    *arithmetic.RULES,
    *ranges.RULES,
    *moves.RULES,
    *windows.RULES,
)


@cache
def patterns_of(op: type[Operation]) -> tuple[RewritePattern, ...]:
    """The rules that may match this kind of op."""
    return tuple(rule for rule in _RULES if issubclass(op, rule.root))
