"""The layers of networks on arrays of PEs, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from nopt.hw.array.any_machine import load_any
from nopt.hw.files.whole_files import output_stream
from nopt.networks import Network, read, write
from nopt.passes.mapping.nest_search import NestSearch
from nopt.tools.mapped.einsums import einsum_module
from nopt.tools.mapped.mapped_networks import MappedNetwork, as_nests
from nopt.tools.mapped.mapped_networks import map_network as run
from nopt.tools.mapped.mapping_page import mapping_page
from nopt.tools.mapped.simulated import simulate
from nopt.tools.report import Row


class Mapped:
    """A network whose layers have mappings: `rows` has one for each that differs, `total` sums
    them up, `fronts` has all that were found for each (several with the objective pareto), `module`
    is its text."""

    def __init__(self, network: MappedNetwork):
        self._network = network
        self.rows: list[Row] = [layer.row for layer in network.layers]
        self.total: Row = network.total
        self.fronts: list[Row] = [row for each in network.layers for row in each.front_rows]

    @property
    def module(self) -> ModuleOp:
        """The nests with their mappings as attributes."""
        return self._network.module

    def why(self, other: Mapped) -> list[Row]:
        """What differs between the mappings of two, term by term. Raises UserError if they have
        not the same layers."""
        return self._network.why(other._network)

    def simulate(self) -> list[Row]:
        """Each layer pass by pass: exact cycles by what PEs do, beside the model's, and whether
        random data that were moved came out right. Raises UserError for machines of levels."""
        return [simulate(layer).row for layer in self._network.layers]

    def save(self, path: str | Path) -> None:
        """Write the module as text, which `map_network` and `nopt-map` read again."""
        write(self.module, path)

    def page(self, path: str | Path, title: str = "Mappings", simulated: bool = False) -> None:
        """Write a page of figures, with simulations if wanted. Raises UserError without plotly."""
        runs = [simulate(layer) for layer in self._network.layers] if simulated else []
        with output_stream(str(path)) as stream:
            stream.write(mapping_page(self._network, title, runs))

    def __repr__(self) -> str:
        cycles, energy = self.total["cycles"], self.total["energy_pj"]
        return f"<nopt.Mapped: {len(self.rows)} layers, {cycles:,} cycles, {energy:,} pJ>"


def map_network(
    network: Network | str,
    extents: dict[str, int] | None = None,
    *,
    machine: str = "pe256",
    objective: str = "edp",
    pack: Sequence[str] = (),
    seconds: float = inf,
    pad: float = 0.0,
    bypass: Sequence[str] = (),
) -> Mapped:
    """Map the layers of a network on an array of PEs, each as no other mapping is better.

        nopt.map_network("resnet18.onnx", machine="pe256+rf=1024").total
        nopt.map_network("C[x,y] += A[x,k] * B[k,y]", {"x": 64, "y": 64, "k": 96})

    With `extents`, the network is one sum of products. The `objective` is edp, energy, cycles or
    pareto; `pack` names operands that may lie in DRAM tile by tile, or is ["all"]; after so many
    `seconds` of the processor a layer gets the best so far. With `pad=0.15`, extents may be 15 %
    larger, so that tiles need not divide them. On a machine of levels, `bypass` names memories that
    operands need not be held by, or is ["all"]. Layers that have a mapping keep it.
    Raises UserError for what is no network, ValueError for a layer that does not fit.
    """
    load_any(machine)
    if extents is not None:
        module = einsum_module(str(network), extents)
    else:
        module = as_nests(read(network))
    return Mapped(run(module, NestSearch(machine, objective, pack, seconds, pad, bypass)))
