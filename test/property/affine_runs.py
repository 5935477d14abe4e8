"""What `convert-affine-nest-to-affine` makes of functions, run: by xDSL, and by MLIR if there."""

import io
from functools import cache
from typing import Any

import numpy as np
from checks import apply, assert_equal, run
from drafts import Network
from levels import LOWER
from mlir_tools import start, tools
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IndexType, IntegerType, ModuleOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, impl, register_impls
from xdsl.interpreters.affine import AffineFunctions
from xdsl.interpreters.arith import ArithFunctions
from xdsl.interpreters.builtin import scalar_attr, xtype_for_el_type
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.memref import MemRefFunctions
from xdsl.interpreters.shaped_array import ShapedArray
from xdsl.interpreters.utils.ptr import TypedPtr
from xdsl.ir import Operation
from xdsl.printer import Printer

from nopt.dialects.constants import element_type, tensor_type

# --- By xDSL's interpreter, and what it lacks.


@register_impls
class _Loops(InterpreterFunctions):
    @impl(affine.ForOp)
    def run_for(self, interpreter: Interpreter, op: affine.ForOp, args: Any) -> Any:
        (last,) = op.upperBoundMap.data.eval([], [])
        for index in range(0, last, op.step.value.data):
            variable = scalar_attr(index, IndexType(), interpreter.index_bitwidth)
            args = interpreter.run_ssacfg_region(op.body, (variable, *args))
        return args

    @impl(affine.ParallelOp)
    def run_parallel(self, interpreter: Interpreter, op: affine.ParallelOp, args: Any) -> Any:
        assert not args and not op.results
        lasts = op.upperBoundsMap.data.eval([], [])
        # In no particular order, so from the last one.
        for point in reversed([*np.ndindex(*lasts)]):
            variables = [scalar_attr(i, IndexType(), interpreter.index_bitwidth) for i in point]
            interpreter.run_ssacfg_region(op.body, tuple(variables))
        return ()

    @impl(affine.IfOp)
    def run_if(self, interpreter: Interpreter, op: affine.IfOp, args: Any) -> Any:
        dims = [number(arg) for arg in args]
        inside = all(c.lhs.eval(dims, []) >= 0 for c in op.condition.data.constraints)
        return interpreter.run_ssacfg_region(op.then_region if inside else op.else_region, ())


def number(scalar: Any) -> int:
    """The integer that xDSL's interpreters hold as an attribute."""
    return scalar.value.data


def of_type(value: int, op: Operation) -> tuple[Any]:
    """An integer as an operation's result, cut to its width."""
    type = op.results[0].type
    assert isinstance(type, IntegerType)
    half = 1 << (type.width.data - 1)
    return (scalar_attr((value + half) % (2 * half) - half, type, 64),)


@register_impls
class _Scalars(InterpreterFunctions):
    @impl(arith.ExtSIOp)
    def run_extsi(self, interpreter: Interpreter, op: arith.ExtSIOp, args: Any) -> Any:
        return of_type(number(args[0]), op)

    @impl(arith.TruncIOp)
    def run_trunci(self, interpreter: Interpreter, op: arith.TruncIOp, args: Any) -> Any:
        return of_type(number(args[0]), op)

    @impl(arith.MaxSIOp)
    def run_maxsi(self, interpreter: Interpreter, op: arith.MaxSIOp, args: Any) -> Any:
        return of_type(max(map(number, args)), op)

    @impl(arith.MinSIOp)
    def run_minsi(self, interpreter: Interpreter, op: arith.MinSIOp, args: Any) -> Any:
        return of_type(min(map(number, args)), op)


def buffer(array: np.ndarray) -> ShapedArray:
    xtype = xtype_for_el_type(element_type(array.dtype), 64)
    return ShapedArray(TypedPtr[Any].new(array.reshape(-1).tolist(), xtype=xtype), array.shape)


def run_lowered(module: ModuleOp, inputs: list[np.ndarray], like: tuple[np.ndarray, ...]) -> Any:
    interpreter = Interpreter(module)
    for functions in (AffineFunctions, ArithFunctions, FuncFunctions, MemRefFunctions):
        interpreter.register_implementations(functions())
    for functions in (_Loops, _Scalars):
        interpreter.register_implementations(functions(), override=True)
    results = interpreter.call_op("main", tuple(map(buffer, inputs)))
    return [
        np.array(list(result.data), wanted.dtype).reshape(wanted.shape)
        for result, wanted in zip(results, like, strict=True)
    ]


def check(network: Network, passes: tuple[str, ...] = ()) -> None:
    apply(network.module, *passes)
    expected = run(network)
    apply(network.module, LOWER)
    assert_equal(run_lowered(network.module, network.inputs, expected), expected, LOWER)


# --- By MLIR: `mlir-opt` accepts the text, and what it makes of it computes the same.


TO_LLVM = (
    "--lower-affine",
    "--arith-expand",
    "--convert-scf-to-cf",
    "--convert-cf-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-arith-to-llvm",
    "--convert-func-to-llvm",
    "--reconcile-unrealized-casts",
)


@cache
def to_llvm(mlir_opt: str) -> list[str]:
    """The options that lower affine loops to LLVM; version 16 has another name for one."""
    known = start([mlir_opt, "--help"], "")
    return [o if o in known else o.replace("finalize", "convert") for o in TO_LLVM]


def literal(array: np.ndarray) -> str:
    return f"dense<{array.tolist()}> : {tensor_type(array.shape, array.dtype)}"


def memref_of(array: np.ndarray) -> str:
    return str(tensor_type(array.shape, array.dtype)).replace("tensor", "memref")


def with_check(module: ModuleOp, inputs: list[np.ndarray], expected: tuple[np.ndarray, ...]) -> str:
    """The module's text with a function @check that counts the elements that @main gets wrong."""
    stream = io.StringIO()
    Printer(stream, print_generic_format=False, print_properties_as_attributes=True).print_op(
        module
    )
    lines = [stream.getvalue().rstrip().removesuffix("}")]
    names = [f"%in{i}" for i in range(len(inputs))] + [f"%want{i}" for i in range(len(expected))]
    arrays = [*inputs, *expected]
    for name, array in zip(names, arrays, strict=True):
        value = literal(array).rsplit(" : ", 1)[0]
        lines.append(f'memref.global "private" constant @{name[1:]} : {memref_of(array)} = {value}')
    lines.append("func.func @check() -> i32 {")
    for name, array in zip(names, arrays, strict=True):
        lines.append(f"{name} = memref.get_global @{name[1:]} : {memref_of(array)}")
    results = ", ".join(f"%got{i}" for i in range(len(expected)))
    arguments = ", ".join(names[: len(inputs)])
    types = [", ".join(map(memref_of, group)) for group in (inputs, expected)]
    lines.append(f"{results} = func.call @main({arguments}) : ({types[0]}) -> ({types[1]})")
    lines.append("%sum0 = arith.constant 0 : i32")
    for i, array in enumerate(expected):
        lines += count_differences(i, array)
    lines.append(f"return %sum{len(expected)} : i32 }} }}")
    return "\n".join(lines)


def count_differences(i: int, array: np.ndarray) -> list[str]:
    """Loops that add to %sum<i> where %got<i> and %want<i> differ: %sum<i + 1>."""
    element = element_type(array.dtype)
    indices = [f"%i{i}_{axis}" for axis in range(array.ndim)]
    sums = [f"%sum{i}", *(f"%a{i}_{axis}" for axis in range(array.ndim))]
    totals = [f"%sum{i + 1}", *(f"%t{i}_{axis}" for axis in range(array.ndim))]
    lines: list[str] = []
    for axis, size in enumerate(array.shape):
        carried = f"iter_args({sums[axis + 1]} = {sums[axis]}) -> (i32)"
        lines.append(f"{totals[axis]} = affine.for {indices[axis]} = 0 to {size} {carried} {{")
    at = f"[{', '.join(indices)}] : {memref_of(array)}"
    lines += [
        f"%g{i} = affine.load %got{i}{at}",
        f"%w{i} = affine.load %want{i}{at}",
        f"%n{i} = arith.cmpi ne, %g{i}, %w{i} : {element}",
        f"%e{i} = arith.extui %n{i} : i1 to i32",
        f"{totals[-1]} = arith.addi {sums[-1]}, %e{i} : i32",
    ]
    for total in reversed(totals[1:]):
        lines.append(f"affine.yield {total} : i32 }}")
    return lines


def check_by_mlir(network: Network, passes: tuple[str, ...] = ()) -> None:
    mlir_opt, runner = tools()
    apply(network.module, *passes)
    expected = run(network)
    apply(network.module, LOWER)
    text = start(
        [mlir_opt, *to_llvm(mlir_opt)], with_check(network.module, network.inputs, expected)
    )
    assert start([runner, "-e", "check", "-entry-point-result=i32"], text).strip() == "0"
