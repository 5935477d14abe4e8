// RUN: not nopt %s -p affine-nest-infer-layout 2>&1 | filecheck %s
// RUN: sed 's/d0 floordiv 16/d0/' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix TWICE
// RUN: sed 's/, d1 mod 16//' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix MISSING
// RUN: sed 's/affine_map<.*16)>/affine_map<(d0, d1) -> (d1, d0)>/' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix LANES
// RUN: sed 's/affine_map<.*16)>/"rows"/' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix KIND
// RUN: sed 's/24/32/g' %s | nopt -p affine-nest-infer-layout | filecheck %s --check-prefix LEGAL
// RUN: sed 's/24/32/g; s/ 16/ 8/g' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix BLOCK
// RUN: sed 's/24/32/g; s/ 16/ 8/g' %s | not nopt -p affine-nest-pack 2>&1 | filecheck %s --check-prefix BLOCK
// Orders that a person pins are possible, or an error.

func.func @pinned(%x: tensor<24x32xi8>) -> tensor<24x32xi8> {
  %a = affine_nest.for (%i, %j) = (24, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<24x32xi8>
    affine_nest.yield %v : i8
  } attributes {order = affine_map<(d0, d1) -> (d0 floordiv 16, d1 floordiv 16, d0 mod 16, d1 mod 16)>} : tensor<24x32xi8>
  return %a : tensor<24x32xi8>
}
// CHECK: errors.mlir:12:{{.*}}divides dimension 0 of 24 elements, expected a multiple of 16
// TWICE: is none of 2 dimensions; expected each of them once, whole or as 'floordiv 16' and 'mod 16'
// MISSING: is none of 2 dimensions; expected each of them once, whole or as 'floordiv 16' and 'mod 16'
// LANES: (d1, d0) ends in no lanes, expected 'mod' by the block innermost
// KIND: order is "rows", expected affine_map<
// LEGAL: order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>
// BLOCK: has blocks of 8 lanes, the core's 16
