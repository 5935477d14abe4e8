// What there is: each with one line, and its options with type and default.
// RUN: nopt --list-passes | filecheck %s --check-prefix PASSES
// RUN: nopt --list-passes=all | filecheck %s --check-prefix ALL
// RUN: nopt --list-pipelines | filecheck %s --check-prefix PIPELINES
// RUN: nopt --list-machines | filecheck %s --check-prefix MACHINES
// RUN: nopt --list-targets=all | filecheck %s --check-prefix TARGETS

// PASSES-NOT: canonicalize
// PASSES: {{^}}affine-nest-fuse: {{.+}}
// PASSES: {{^}}attach-machine: {{.+}}
// PASSES-NEXT: {{^}}    config: str|None = None
// PASSES: {{^}}convert-graph-to-affine-nest: {{.+}}

// ALL: {{^}}affine-nest-fuse: {{.+}}
// ALL: {{^}}canonicalize
// ALL: {{^}}scf-parallel-loop-tiling
// ALL-NEXT: {{^}}    parallel_loop_tile_sizes: tuple[int, ...] (required)

// PIPELINES: {{^}}vta: {{.+}}
// PIPELINES-NEXT: {{^}}    attach-machine,graph-split-weights,graph-fold-shuffle,graph-split-transposed,graph-split-groups,graph-fold-space-to-depth,graph-split-pools,canonicalize,

// TARGETS: {{^}}mlir
// TARGETS-NEXT: {{^}}    print_generic_format: bool = false

// MACHINES: {{^}}4x16x16-alu32: a cycle multiplies [4, 16] by [16, 16], its ALU handles 32 values
// MACHINES-NEXT: input 128 KiB, weights 256 KiB, accumulators 512 KiB, micro-ops 32 KiB; DRAM 16 bytes a cycle
// MACHINES: {{^}}default: a cycle multiplies [1, 16] by [16, 16], its ALU handles 16 values
// MACHINES: {{^}}rtl: a cycle multiplies [1, 16] by [16, 16], its ALU handles 16 values
// MACHINES-NEXT: input 32 KiB, weights 256 KiB, accumulators 128 KiB, micro-ops 8 KiB; DRAM 8 bytes a cycle
