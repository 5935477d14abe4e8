"""Random loop code on memrefs: nests of loops, perfect and not, that load, compute and store.

Most programs are near to what a person would write: initialise, accumulate, copy with an offset,
transpose, in one or several loop nests, with temporaries inside and outside of loops; tiled,
unrolled, triangular and parallel loops, too. Many carry dependences that no nest can have; those
must be refused.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from hypothesis import strategies as st

ELEMENT = "i32"
BY_NUMBER = ("divsi", "remsi", "divui", "remui", "floordivsi", "ceildivsi", "shrui", "minui")


class Program:
    """The text of a function @main on memrefs, and arrays to call it with."""

    def __init__(self, text: str, inputs: list[np.ndarray]):
        self.text = text
        self.inputs = inputs

    def __repr__(self) -> str:
        return self.text


class _Draft:
    def __init__(self, draw: Any):
        self.draw = draw
        self.lines: list[str] = []
        self.count = 0
        sizes = st.sampled_from([1, 2, 3, 4])
        self.shapes: dict[str, list[int]] = {}
        self.arguments: list[str] = []
        for name in self.draw(st.sampled_from([("a", "b"), ("a", "b", "c"), ("a",)])):
            self.shapes[name] = self.draw(st.lists(sizes, min_size=1, max_size=2))
            self.arguments.append(name)
        # Loops in scope: (their turn as an affine expression, its largest value).
        self.loops: list[tuple[str, int]] = []
        self.scalars: list[str] = []
        self.depth = 0
        self.braces: list[int] = []
        """How many loops each of those in scope is written as."""

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def emit(self, text: str) -> None:
        self.lines.append("  " * (self.depth + 1) + text)

    def type(self, name: str) -> str:
        return f"memref<{''.join(f'{size}x' for size in self.shapes[name])}{ELEMENT}>"

    def index(self, name: str) -> str:
        """An index that stays inside, of loops where they fit."""
        exprs: list[str] = []
        for size in self.shapes[name]:
            fitting = [(loop, most) for loop, most in self.loops if most < size]
            if not fitting:
                exprs.append(str(self.draw(st.integers(0, size - 1))))
                continue
            loop, most = self.pick(*fitting)
            room = size - 1 - most
            forms = [loop, loop, loop, f"{most} - {loop}"]
            forms += [f"{loop} + {room}"] if room else []
            exprs.append(self.pick(*forms))
        return ", ".join(exprs)

    def load(self) -> str:
        name = self.pick(*self.shapes)
        result = self.fresh("v")
        self.emit(f"%{result} = affine.load %{name}[{self.index(name)}] : {self.type(name)}")
        return result

    def value(self) -> str:
        """Scalars computed of a few loads."""
        if self.scalars and self.pick(False, False, True):
            return self.pick(*self.scalars)
        result = self.load() if self.pick(True, True, True, False) else "one"
        if any("%" in loop for loop, _ in self.loops) and self.pick(*[False] * 5, True):
            result = self.pick(self.guarded_load, self.guarded_load, self.turn)()
        for _ in range(self.pick(0, 0, 1, 2)):
            other = self.load() if self.pick(True, False) else "one"
            named = self.fresh("v")
            op = self.pick(*["addi", "muli", "subi", "maxsi", "minsi"] * 3, *BY_NUMBER, "widened")
            if op in BY_NUMBER:
                self.emit(f"%{named} = arith.{op} %{result}, %three : {ELEMENT}")
            elif op == "widened":
                self.emit(f"%{named}_low = arith.trunci %{result} : {ELEMENT} to i8")
                self.emit(f"%{named} = arith.extui %{named}_low : i8 to {ELEMENT}")
            else:
                self.emit(f"%{named} = arith.{op} %{result}, %{other} : {ELEMENT}")
            result = named
        return result

    def turn(self) -> str:
        """A loop's variable as a number."""
        loop, _ = self.pick(*[one for one in self.loops if "%" in one[0]])
        result = self.fresh("v")
        self.emit(f"%{result} = arith.index_cast {_variable(loop)} : index to {ELEMENT}")
        return result

    def guard(self, name: str) -> tuple[str, str]:
        """A condition that an index of a memref is inside, mostly exact, and the index."""
        loop, _ = self.pick(*[one for one in self.loops if "%" in one[0]])
        offset = self.pick(-1, -1, 1, 2)
        size = self.shapes[name][0] - self.pick(0, 0, 0, 0, 1)
        inside = f"{loop} + {offset} >= 0, {size - 1 - offset} - {loop} >= 0"
        variable = _variable(loop)
        rest = self.index(name).split(", ")[1:]
        condition = f"affine_set<(d0) : ({inside.replace(variable, 'd0')})>({variable})"
        return condition, ", ".join([f"{loop} + {offset}", *rest])

    def guarded_load(self) -> str:
        name = self.pick(*[name for name in self.shapes if self.shapes[name]])
        condition, index = self.guard(name)
        result, inner, other = self.fresh("v"), self.fresh("v"), self.fresh("v")
        self.emit(f"%{result} = affine.if {condition} -> {ELEMENT} {{")
        self.emit(f"  %{inner} = affine.load %{name}[{index}] : {self.type(name)}")
        self.emit(f"  affine.yield %{inner} : {ELEMENT}")
        self.emit("} else {")
        self.emit(f"  %{other} = arith.constant {self.pick(0, 0, 3)} : {ELEMENT}")
        self.emit(f"  affine.yield %{other} : {ELEMENT}")
        self.emit("}")
        return result

    def guarded_sum(self) -> None:
        """A sum in memory, where a condition holds."""
        target = self.pick(*self.shapes)
        name = self.pick(*[name for name in self.shapes if self.shapes[name]])
        at = self.index(target)
        weight = self.load()
        condition, index = self.guard(name)
        values = [self.fresh("v") for _ in range(4)]
        self.emit(f"affine.if {condition} {{")
        self.emit(f"  %{values[0]} = affine.load %{name}[{index}] : {self.type(name)}")
        op = self.pick("muli", "muli", "muli", "addi")
        self.emit(f"  %{values[1]} = arith.{op} %{values[0]}, %{weight} : {ELEMENT}")
        self.emit(f"  %{values[2]} = affine.load %{target}[{at}] : {self.type(target)}")
        self.emit(f"  %{values[3]} = arith.addi %{values[1]}, %{values[2]} : {ELEMENT}")
        self.emit(f"  affine.store %{values[3]}, %{target}[{at}] : {self.type(target)}")
        self.emit("}")

    def guarded_store(self) -> None:
        """A store to some of the elements."""
        target = self.pick(*self.shapes)
        value, at = self.value(), self.index(target)
        condition, _ = self.guard(self.pick(*[name for name in self.shapes if self.shapes[name]]))
        self.emit(f"affine.if {condition} {{")
        self.emit(f"  affine.store %{value}, %{target}[{at}] : {self.type(target)}")
        self.emit("}")

    def unrolled(self) -> None:
        """A loop whose body is there twice, and what is left for its last turn."""
        size, name = self.pick(2, 3, 4), self.fresh("i")
        first = len(self.lines)
        outer, self.loops = self.loops, [*self.loops, ("TURN", size - 1)]
        scalars = list(self.scalars)
        self.pick(self.store, self.accumulate, self.accumulate)()
        body, self.lines = self.lines[first:], self.lines[:first]
        self.loops, self.scalars = outer, scalars
        self.emit(f"affine.for %{name} = 0 to {size // 2 * 2} step 2 {{")
        turns = [f"%{name}", f"%{name} + 1"]
        self.lines += _copied(body, turns[0], "a") + _copied(body, turns[1], "b")
        self.emit("}")
        if size % 2:
            self.lines += _copied(body, str(size - 1), "c")

    def store(self) -> None:
        value = self.value()
        name = self.pick(*self.shapes)
        self.emit(f"affine.store %{value}, %{name}[{self.index(name)}] : {self.type(name)}")

    def accumulate(self) -> None:
        name = self.pick(*self.shapes)
        index = self.index(name)
        before, after = self.fresh("v"), self.fresh("v")
        value = self.value()
        op = self.pick("addi", "addi", "subi", "maxsi", "minsi")
        self.emit(f"%{before} = affine.load %{name}[{index}] : {self.type(name)}")
        self.emit(f"%{after} = arith.{op} %{before}, %{value} : {ELEMENT}")
        self.emit(f"affine.store %{after}, %{name}[{index}] : {self.type(name)}")

    def temporary(self) -> None:
        name = self.fresh("t")
        self.shapes[name] = self.draw(st.lists(st.sampled_from([1, 2, 3]), max_size=2))
        op = "alloca" if self.loops else "alloc"
        self.emit(f"%{name} = memref.{op}() : {self.type(name)}")
        # What is read before it is written has no value: write all of it first.
        loops = len(self.loops)
        turns = [self.whole(size) for size in self.shapes[name]]
        value = self.value()
        index = ", ".join(turns)
        self.emit(f"affine.store %{value}, %{name}[{index}] : {self.type(name)}")
        while len(self.loops) > loops:
            self.close()

    def open(self, size: int) -> str:
        """Begin a loop of `size` turns at most; the turn as an affine expression."""
        name, tile = self.fresh("i"), self.fresh("i")
        kinds = ["for"] * 6 + ["tiles"] * 2 + ["parallel"]
        known = [_variable(loop) for loop, _ in self.loops if "%" in loop]
        kind = self.pick(*kinds, *["triangle"] * bool(known))
        turn = f"%{name}"
        match kind:
            case "tiles":
                bounds = f"affine_map<(d0) -> (d0)>(%{tile}) to"
                self.emit(f"affine.for %{tile} = 0 to {size} step 2 {{")
                self.emit(
                    f"affine.for %{name} = {bounds} min affine_map<(d0) -> (d0 + 2, {size})>"
                    f"(%{tile}) {{"
                )
            case "parallel":
                self.emit(f"affine.parallel (%{name}) = (0) to ({size}) {{")
            case "triangle":
                outer = self.pick(*known)
                bound = f"min affine_map<(d0) -> (d0 + 1, {size})>({outer})"
                self.emit(f"affine.for %{name} = 0 to {bound} {{")
            case _:
                first, step = self.pick(0, 0, 0, 2), self.pick(1, 1, 1, 2)
                last = first + size * step - self.pick(0, step - 1)
                self.emit(f"affine.for %{name} = {first} to {last} step {step} {{")
                turn = f"(%{name} - {first})" if first else turn
                turn = f"({turn} floordiv {step})" if step > 1 else turn
        self.braces.append(2 if kind == "tiles" else 1)
        self.depth += 1
        self.loops.append((turn, size - 1))
        return turn

    def whole(self, size: int) -> str:
        """Begin a loop of exactly `size` turns."""
        name = self.fresh("i")
        self.emit(f"affine.for %{name} = 0 to {size} {{")
        self.braces.append(1)
        self.depth += 1
        self.loops.append((f"%{name}", size - 1))
        return f"%{name}"

    def close(self) -> None:
        self.loops.pop()
        self.depth -= 1
        self.emit("}" * self.braces.pop())

    def carried(self) -> None:
        """A loop that carries a value, mostly a reduction."""
        start = self.value()
        result, carried, loop = self.fresh("v"), self.fresh("s"), self.fresh("i")
        size = self.pick(1, 2, 3)
        args = f"iter_args(%{carried} = %{start}) -> ({ELEMENT})"
        self.emit(f"%{result} = affine.for %{loop} = 0 to {size} {args} {{")
        outer, self.scalars = self.scalars, [*self.scalars]
        self.loops.append((f"%{loop}", size - 1))
        self.braces.append(1)
        self.depth += 1
        value = self.value()
        named = self.fresh("v")
        op = self.pick("addi", "addi", "addi", "maxsi", "muli")
        self.emit(f"%{named} = arith.{op} %{carried}, %{value} : {ELEMENT}")
        self.emit(f"affine.yield %{named} : {ELEMENT}")
        self.close()
        self.scalars = [*outer, result]

    def block(self, budget: int) -> None:
        """Statements at this depth, and loops around more of them."""
        for _ in range(self.pick(1, 1, 2, 3)):
            kinds = [self.store, self.accumulate, self.unrolled]
            kinds += [self.carried, self.guarded_sum, self.guarded_store] if self.loops else []
            kinds += [self.temporary] if len(self.shapes) < 5 else []
            if budget and self.pick(True, True, False):
                known, scalars = dict(self.shapes), list(self.scalars)
                self.open(self.pick(1, 2, 3, 4))
                self.block(budget - 1)
                self.close()
                self.shapes, self.scalars = known, scalars
            elif self.loops or self.pick(True, False):
                self.pick(*kinds)()

    def program(self) -> Program:
        self.lines.append(f"  %one = arith.constant 1 : {ELEMENT}")
        self.lines.append(f"  %three = arith.constant 3 : {ELEMENT}")
        for _ in range(self.pick(1, 1, 2)):
            self.block(3)
        types = ", ".join(f"%{name}: {self.type(name)}" for name in self.arguments)
        body = "\n".join(self.lines)
        rng = np.random.default_rng(self.draw(st.integers(0, 99)))
        inputs = [rng.integers(-9, 9, self.shapes[a]).astype(np.int32) for a in self.arguments]
        return Program(f"func.func @main({types}) {{\n{body}\n  return\n}}\n", inputs)


def _variable(loop: str) -> str:
    """The variable in an affine expression of one."""
    return loop[loop.index("%") :].split()[0].rstrip(")")


def _copied(lines: list[str], turn: str, suffix: str) -> list[str]:
    """A copy of lines at a turn of a loop, with values of its own."""
    made = [line.split()[0] for line in lines if line.split()[0].startswith("%v")]
    copies: list[str] = []
    for line in lines:
        for name in made:
            line = re.sub(rf"{name}\b", f"{name}{suffix}", line)
        copies.append(line.replace("TURN", f"({turn})"))
    return copies


@st.composite
def programs(draw: Any) -> Program:
    """Loop code on up to three arguments and a few temporaries."""
    return _Draft(draw).program()
