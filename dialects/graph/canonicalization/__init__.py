"""Rewrites that `canonicalize` applies to the ops of `graph`.

They keep every integer bit for bit, and every float, too: sums inside one convolution, product or
mean are exact. What rounds otherwise is a pass of its own.
"""

from functools import cache

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from nopt.dialects.graph.canonicalization import arithmetic, constants, moves, ranges, windows

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
