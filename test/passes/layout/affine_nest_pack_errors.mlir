// RUN: not nopt %s -p affine-nest-pack 2>&1 | filecheck %s
// RUN: sed 's/output z/output i/' %s | nopt -p affine-nest-pack | filecheck %s --check-prefix LEGAL
// RUN: sed 's/i8/f32/g; s/output z/output i/' %s | not nopt -p affine-nest-pack 2>&1 | filecheck %s --check-prefix HOST
// RUN: sed 's/%x\[%i\]/%x[0]/; s/output z/output i/' %s | not nopt -p affine-nest-pack 2>&1 | filecheck %s --check-prefix NONE
// Lanes that are written are possible, or an error.

func.func @pinned(%x: tensor<20xi8>) -> tensor<20xi8> {
  %a = affine_nest.for (%i) = (20) {
    %v = affine_nest.load %x[%i] : tensor<20xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output z>} : tensor<20xi8>
  return %a : tensor<20xi8>
}
// CHECK: errors.mlir:8:{{.*}}there is no such choice
// LEGAL: %a = affine_nest.for (%ib, %il) = (2, 16) {
// HOST: it yields f32; the core stores i8
// NONE: no parallel iterator runs along a dimension of what it loads
