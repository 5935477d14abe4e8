"""A compiler on xDSL that has nopt's dialects and passes in it, beside its own.

python -m own_op.compiler network.mlir network.vta
"""

import sys

from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.passes import PassPipeline
from xdsl.universe import Universe

import nopt


def compile_file(source: str, target: str) -> None:
    """From text with ops of `own` to a program for the core."""
    universe = Universe.get_multiverse()
    context = Context()
    for name, dialect in universe.all_dialects.items():
        context.register_dialect(name, dialect)
    with open(source) as file:
        module = Parser(context, file.read(), source).parse_module()
    PassPipeline.parse_spec(universe.all_passes, "convert-own-to-graph,cse").apply(context, module)
    nopt.compile(module, machine="rtl").save(target)


if __name__ == "__main__":
    compile_file(*sys.argv[1:])
