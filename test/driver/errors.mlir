// Every mistake gives one line that names what was found, and the nearest right name.
// RUN: not nopt %s -p canonicalise 2>&1 | filecheck %s --check-prefix PASS
// RUN: not nopt %s -p cse,affine-nest-fus 2>&1 | filecheck %s --check-prefix OURS
// RUN: not nopt %s -p 'vta{until=affine-nest-fus}' 2>&1 | filecheck %s --check-prefix UNTIL
// RUN: not nopt %s -p vtb 2>&1 | filecheck %s --check-prefix PIPELINE
// RUN: not nopt %s -p 'canonicalize{' 2>&1 | filecheck %s --check-prefix MALFORMED
// RUN: not nopt %s -p 'canonicalize{x=1}' 2>&1 | filecheck %s --check-prefix NO-OPTION
// RUN: not nopt %s -p 'scf-parallel-loop-tiling{parallel-loop-tile-size=1}' 2>&1 | filecheck %s --check-prefix OPTION
// RUN: not nopt %s -p 'scf-parallel-loop-tiling{parallel-loop-tile-sizes=a}' 2>&1 | filecheck %s --check-prefix VALUE
// RUN: not nopt %s -p scf-parallel-loop-tiling 2>&1 | filecheck %s --check-prefix MISSING
// RUN: not nopt %s -t mlr 2>&1 | filecheck %s --check-prefix TARGET
// RUN: not nopt %s -t 'mlir{print=true}' 2>&1 | filecheck %s --check-prefix TARGET-OPTION
// RUN: not nopt %s --list-pases 2>&1 | filecheck %s --check-prefix ARGUMENT
// RUN: not nopt %s.missing 2>&1 | filecheck %s --check-prefix INPUT
// RUN: not nopt %s -o %t/no/such/folder/x 2>&1 | filecheck %s --check-prefix OUTPUT

// PASS: {{^}}error: unknown pass 'canonicalise'; did you mean 'canonicalize'?{{$}}
// OURS: {{^}}error: unknown pass 'affine-nest-fus'; did you mean 'affine-nest-fuse'?{{$}}
// UNTIL: {{^}}error: pipeline 'vta' has no pass 'affine-nest-fus'; did you mean 'affine-nest-fuse'?{{$}}
// PIPELINE: {{^}}error: unknown pass 'vtb'; did you mean 'vta'?{{$}}
// MALFORMED: {{^}}error: malformed pass pipeline 'canonicalize{': column 14: Expected argument name here{{$}}
// NO-OPTION: {{^}}error: pass 'canonicalize' has no option 'x'; it has none{{$}}
// OPTION: {{^}}error: pass 'scf-parallel-loop-tiling' has no option 'parallel_loop_tile_size'; did you mean 'parallel_loop_tile_sizes'?{{$}}
// VALUE: {{^}}error: pass 'scf-parallel-loop-tiling': option 'parallel_loop_tile_sizes' expects tuple[int, ...], found 'a'{{$}}
// MISSING: {{^}}error: pass 'scf-parallel-loop-tiling' needs option 'parallel_loop_tile_sizes' of type tuple[int, ...]{{$}}
// TARGET: {{^}}error: unknown target 'mlr'; did you mean 'mlir'?{{$}}
// TARGET-OPTION: {{^}}error: target 'mlir' has no option 'print'; its options: print_generic_format,
// ARGUMENT: {{^}}error: unrecognized arguments: --list-pases (nopt --help lists the arguments){{$}}
// INPUT: {{^}}error: {{.*}}errors.mlir.missing: No such file or directory{{$}}
// OUTPUT: {{^}}error: {{.*}}/no/such/folder/x: No such file or directory{{$}}

builtin.module {}
