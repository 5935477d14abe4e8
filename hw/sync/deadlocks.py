"""What can go wrong with dependency tokens: modules that wait for one another, and too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nopt.hw.isa.encoding import Module, Records, module_of, records

Waits = Mapping[Module, tuple[int, Sequence[str]]]
"""The instruction that each waiting module has come to, and whose tokens it lacks."""


def missing(module: Module, pops: Sequence[int], held: Sequence[int]) -> list[str]:
    """Whose tokens a module lacks: needed of prev and next, and held of them."""
    sides = zip((-1, 1), pops, held, strict=True)
    return [_name(module + side) for side, needed, tokens in sides if needed > tokens]


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
    for producer, consumer, push, pop in (
        (Module.LOAD, Module.COMPUTE, "push_next", "pop_prev"),
        (Module.COMPUTE, Module.LOAD, "push_prev", "pop_next"),
        (Module.COMPUTE, Module.STORE, "push_next", "pop_prev"),
        (Module.STORE, Module.COMPUTE, "push_prev", "pop_next"),
    ):
        pushes = int((insns[push] * (modules == producer)).sum())
        pops = int((insns[pop] * (modules == consumer)).sum())
        if pushes > depth:
            full = _first_full(insns, modules.tolist(), (producer, consumer), depth)
            if full is not None:
                names = f"{producer.name.lower()} to {consumer.name.lower()}"
                return full, (
                    f"found token {depth + 1} from {names} before any of them is popped for sure "
                    f"({pushes} pushes, {pops} pops), expected at most {depth} at a time"
                )
    return None


def _first_full(
    insns: Records, modules: list[int], queue: tuple[Module, Module], depth: int
) -> int | None:
    """Run tokens alone, the consumer as late as possible: it comes only when all others wait."""
    producer, consumer = queue
    rows = records(insns)
    waiting = [[i for i, m in enumerate(modules) if m == module][::-1] for module in Module]
    held = [[0, 0] for _ in Module]
    side = 0 if producer < consumer else 1
    others = [module for module in Module if module != consumer]
    while True:
        for module in (*others, consumer):
            at = waiting[module]
            insn = rows[at[-1]] if at else None
            if insn and insn.pop_prev <= held[module][0] and insn.pop_next <= held[module][1]:
                break
        else:
            return None
        index = at.pop()
        held[module][0] -= insn.pop_prev
        held[module][1] -= insn.pop_next
        if insn.push_prev and module > Module.LOAD:
            held[module - 1][1] += 1
        if insn.push_next and module < Module.STORE:
            held[module + 1][0] += 1
        if held[consumer][side] > depth:
            return index


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
    for module, pop, push in (
        (Module.LOAD, "pop_prev", "push_next"),
        (Module.STORE, "pop_next", "push_prev"),
    ):
        rows = np.flatnonzero(modules == module)
        pushed_before = np.cumsum(insns[push][rows]) - insns[push][rows]
        late += rows[(pushed_before >= insns[pop][compute].sum()) & moves[rows]].tolist()
    return min(late, default=None)


def beyond_neighbours(insns: Records) -> set[int]:
    """Instructions with a token to or from a module that does not exist."""
    modules = module_of(insns)
    first = (modules == Module.LOAD) & ((insns["pop_prev"] | insns["push_prev"]) > 0)
    last = (modules == Module.STORE) & ((insns["pop_next"] | insns["push_next"]) > 0)
    return set(np.flatnonzero(first | last).tolist())


def _name(module: int) -> str:
    return Module(module).name.lower() if 0 <= module < len(Module) else "nobody"
