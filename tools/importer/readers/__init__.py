"""What each operator computes, in ops of `graph`. Importing this package registers them all."""

from nopt.tools.importer.readers import (
    convolutions,
    elementwise,
    layout,
    movement,
    pools,
    products,
    quantized,
    quantized_ops,
    quantized_products,
    resize,
    statistics,
)

__all__ = [
    "convolutions",
    "elementwise",
    "layout",
    "movement",
    "pools",
    "products",
    "quantized",
    "quantized_ops",
    "quantized_products",
    "resize",
    "statistics",
]
