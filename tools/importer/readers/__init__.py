"""What each operator computes, in ops of `graph`. Importing this package registers them all."""

from nopt.tools.importer.readers import (
    accumulations,
    convolutions,
    derived,
    einsum,
    fourier,
    grid_sample,
    indexing,
    integer_products,
    learning,
    microsoft,
    movement,
    pools,
    positions,
    products,
    quantized,
    quantized_ops,
    quantized_products,
    recurrent,
    resize,
)
from nopt.tools.importer.readers import elementwise_ops as elementwise
from nopt.tools.importer.readers import layout_ops as layout
from nopt.tools.importer.readers import statistics_ops as statistics

__all__ = [
    "accumulations",
    "convolutions",
    "derived",
    "einsum",
    "elementwise",
    "fourier",
    "grid_sample",
    "indexing",
    "integer_products",
    "layout",
    "learning",
    "microsoft",
    "movement",
    "pools",
    "positions",
    "products",
    "quantized",
    "quantized_ops",
    "quantized_products",
    "recurrent",
    "resize",
    "statistics",
]
