"""Networks with the mapping of each nest on an array, and a row for each that differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from nopt.dialects.affine_nest import ForOp, MappingAttr
from nopt.dialects.affine_nest.attributes import MAPPING
from nopt.dialects.affine_nest.nest_problem import problem_of, sums_products
from nopt.hw.array.any_machine import load_any, macs_of
from nopt.hw.array.array_estimate import Estimate
from nopt.hw.array.problem import Problem
from nopt.passes.base.remarks import name_of
from nopt.passes.mapping.estimates import estimate_of, terms
from nopt.passes.mapping.nest_search import MappedNest, NestSearch, unnamed
from nopt.tools.compiling import read_text, run_pipeline
from nopt.tools.errors import UserError
from nopt.tools.importer import import_model
from nopt.tools.report import Row


@dataclass
class Layer:
    """A nest with its mapping, and how often equal ones come."""

    name: str
    problem: Problem
    mapping: MappingAttr
    said: Estimate
    times: int = 1
    proven: str = "given"
    front: list[tuple[Estimate, MappingAttr]] = field(
        default_factory=list[tuple[Estimate, MappingAttr]]
    )
    """All mappings that no other one beats in energy and cycles, if these were asked for."""

    @property
    def use(self) -> float:
        """Which part of the array's multiplications are done."""
        machine = load_any(self.mapping.machine.data)
        return self.problem.points / self.said.cycles / macs_of(machine)

    @property
    def loops(self) -> str:
        """Names and extents: `n 4, m 512`."""
        pairs = zip(self.problem.loops, self.problem.extents, strict=True)
        return ", ".join(f"{name} {extent}" for name, extent in pairs)

    @property
    def front_rows(self) -> list[Row]:
        """A row for each mapping of the front."""
        return [
            {
                "name": self.name,
                "cycles": said.cycles,
                "energy_pj": said.energy,
                "edp": f"{said.edp:.4e}",
                "mapping": mapping.text,
            }
            for said, mapping in self.front
        ]

    @property
    def row(self) -> Row:
        """As printed; sums over instances are in `total`."""
        causes = self.said.by_cause
        return {
            "name": self.name,
            "times": self.times,
            "loops": self.loops,
            "macs": self.problem.points,
            "cycles": self.said.cycles,
            "energy_pj": self.said.energy,
            "edp": f"{self.said.edp:.4e}",
            "utilisation": self.use,
            "binds": max(causes, key=lambda cause: causes[cause]),
            "proven": self.proven,
            "mapping": self.mapping.text,
        }


@dataclass
class MappedNetwork:
    """A module whose sums of products have mappings."""

    module: ModuleOp
    layers: list[Layer] = field(default_factory=list[Layer])
    """Those that differ."""

    @property
    def machines(self) -> str:
        """The arrays of all mappings, by name."""
        return ", ".join(dict.fromkeys(each.mapping.machine.data for each in self.layers))

    @property
    def total(self) -> Row:
        """Cycles and picojoules of all, one after the other."""
        cycles = sum(each.times * each.said.cycles for each in self.layers)
        energy = sum(each.times * each.said.energy for each in self.layers)
        return {
            "name": "total",
            "times": sum(each.times for each in self.layers),
            "macs": sum(each.times * each.problem.points for each in self.layers),
            "cycles": cycles,
            "energy_pj": energy,
            "edp": f"{float(energy) * cycles:.4e}",
        }

    def why(self, other: MappedNetwork) -> list[Row]:
        """All numbers that differ between the nests of two texts, term by term.

        Raises UserError if they have not the same nests."""
        mine, others = [*_mapped(self.module)], [*_mapped(other.module)]
        if [unnamed(problem_of(n)) for n, _ in mine] != [unnamed(problem_of(n)) for n, _ in others]:
            raise UserError(
                f"--why: found {len(others)} nests that are not the {len(mine)} of the first text"
            )
        rows: list[Row] = []
        for (nest, said), (_, found) in zip(mine, others, strict=True):
            theirs = terms(found)
            for name, value in terms(said).items():
                if value != theirs.get(name):
                    wanted = theirs.get(name, 0)
                    rows.append(
                        {
                            "name": name_of(nest).strip("'"),
                            "term": name,
                            "this": value,
                            "other": wanted,
                            "difference": wanted - value,
                        }
                    )
        return rows


def read_network(
    path: str | Path,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
) -> ModuleOp:
    """An ONNX model, or text of any of our levels or loop code, as nests; `dims` and `shapes` are
    sizes that a model leaves open, by name, and of whole inputs."""
    return as_nests(import_model(path, dims, shapes).module if _is_onnx(path) else read_text(path))


def as_nests(module: ModuleOp) -> ModuleOp:
    """The same module, changed in place, with nests for all layers of integers and floats."""
    run_pipeline(
        module,
        "raise-affine-to-nest,convert-graph-to-affine-nest{floats=true},affine-nest-split-iterators",
    )
    return module


def _is_onnx(path: str | Path) -> bool:
    return str(path).endswith(".onnx")


def map_network(
    module: ModuleOp, search: NestSearch, done: Callable[[int, int], object] = lambda _, __: None
) -> MappedNetwork:
    """Map all nests of a module in place. `done` hears of each, and of how many.

    Raises ValueError for a nest that does not fit, UserError without any."""
    nests = sum(isinstance(op, ForOp) and sums_products(op) for op in module.walk())
    searched: dict[ForOp, MappedNest] = {}
    for number, mapped in enumerate(search.map_nests(module)):
        searched[mapped.nest] = mapped
        done(number + 1, nests)
    network = MappedNetwork(module)
    known: dict[object, Layer] = {}
    for nest, said in _mapped(module):
        problem, mapping = problem_of(nest), nest.attributes[MAPPING]
        assert isinstance(mapping, MappingAttr)
        key = unnamed(problem), mapping
        if key in known:
            known[key].times += 1
            continue
        known[key] = layer = Layer(name_of(nest).strip("'"), problem, mapping, said)
        if nest in searched:
            found = searched[nest].found
            layer.proven = "yes" if found.proven else f"within {found.gap:.1%}"
            layer.front = [*zip(found.estimates, searched[nest].mappings, strict=True)]
    network.layers.extend(known.values())
    if not network.layers:
        raise UserError("found no sums of products, expected a convolution or a matrix product")
    return network


def _mapped(module: ModuleOp) -> Iterator[tuple[ForOp, Estimate]]:
    for op in module.walk():
        if isinstance(op, ForOp) and (said := estimate_of(op)) is not None:
            yield op, said
