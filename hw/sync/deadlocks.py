"""What can go wrong with dependency tokens: modules that wait for one another, and too many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nopt.hw.isa.encoding import Module, Records, module_of
from nopt.hw.sync.token_queues import QUEUES, Queue, TokenWalk, Waits


def explain_deadlock(waits: Waits) -> str:
    """Who waits for whom and where, and the cycle of waits, or who will never push."""
    parts = [
        f"{module.name.lower()} waits for {' and '.join(sides)} at {index}"
        for module, (index, sides) in waits.items()
    ]
    waiting = {module.name.lower(): sides for module, (_, sides) in waits.items()}
    path: list[str] = [next(iter(waiting))]
    while (last := path[-1]) in waiting and last not in path[:-1]:
        path.append(next((side for side in waiting[last] if side in waiting), waiting[last][0]))
    if path[-1] in waiting:
        cycle = path[path.index(path[-1]) :]
        reason = f"cycle of waits: {' -> '.join(cycle)}"
    elif path[-1] == "nobody":
        reason = f"{path[-2]} has no such neighbour"
    else:
        reason = f"{path[-1]} has nothing left to do"
    return f"deadlock: {', '.join(parts)}; {reason}"


def token_overflow(insns: Records, depth: int) -> tuple[int, str] | None:
    """The first push that finds a queue full if its consumer is slow: where, and an explanation.

    A queue is a counter of `depth` tokens; the core loses a token that does not fit.
    """
    modules = module_of(insns)
    for queue in QUEUES:
        pushes = int((insns[queue.push] * (modules == queue.producer)).sum())
        pops = int((insns[queue.pop] * (modules == queue.consumer)).sum())
        if pushes > depth:
            full = _first_full(insns, queue, depth)
            if full is not None:
                names = f"{queue.producer.name.lower()} to {queue.consumer.name.lower()}"
                return full, (
                    f"found token {depth + 1} from {names} before any of them is popped for sure "
                    f"({pushes} pushes, {pops} pops), expected at most {depth} at a time"
                )
    return None


def _first_full(insns: Records, queue: Queue, depth: int) -> int | None:
    """Run tokens alone, the consumer as late as possible: it comes only when all others wait."""
    consumer, side = queue.consumer, 0 if queue.producer < queue.consumer else 1
    walk = TokenWalk(insns, lambda ready: next((m for m in ready if m != consumer), consumer))
    for module, at, _ in walk.turns():
        if walk.queues.held(consumer)[side] > depth:
            return walk.own[module][at]
    return None


def not_awaited(insns: Records, finish: int) -> int | None:
    """The first transfer that FINISH, instruction `finish`, need not wait for, or what comes after
    it in its module.

    It waits for as many tokens of either neighbour as compute has popped by then, hence for the
    instruction that pushes the last one of these and all before it.
    """
    modules, moves = module_of(insns), insns["y_size"] * insns["x_size"] > 0
    compute = np.flatnonzero(modules == Module.COMPUTE)
    late = compute[compute > finish].tolist()
    compute = compute[compute <= finish]
    for queue in QUEUES:
        if queue.consumer == Module.COMPUTE:
            rows = np.flatnonzero(modules == queue.producer)
            pushed_before = np.cumsum(insns[queue.push][rows]) - insns[queue.push][rows]
            popped = insns[queue.pop][compute].sum()
            late += rows[(pushed_before >= popped) & moves[rows]].tolist()
    return min(late, default=None)


def beyond_neighbours(insns: Records) -> NDArray[np.bool_]:
    """Which instructions have a token to or from a module that does not exist."""
    modules = module_of(insns)
    first = (modules == Module.LOAD) & ((insns["pop_prev"] | insns["push_prev"]) > 0)
    last = (modules == Module.STORE) & ((insns["pop_next"] | insns["push_next"]) > 0)
    return first | last
