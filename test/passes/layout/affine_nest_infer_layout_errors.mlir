// RUN: not nopt %s -p affine-nest-infer-layout 2>&1 | filecheck %s
// RUN: sed 's/output z/output i/' %s | nopt -p affine-nest-infer-layout | filecheck %s --check-prefix LEGAL
// RUN: sed 's/output z/outlet i/' %s | not nopt 2>&1 | filecheck %s --check-prefix KEY
// RUN: sed 's/output z/weights third/' %s | not nopt 2>&1 | filecheck %s --check-prefix FACTOR
// RUN: sed 's/output z/sum, output i/' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix SUM
// RUN: sed 's/i8/f32/g' %s | not nopt -p affine-nest-infer-layout 2>&1 | filecheck %s --check-prefix HOST
// Lanes that a person pins are possible, or an error.

func.func @pinned(%x: tensor<32x32xi8>) -> tensor<32x32xi8> {
  %a = affine_nest.for (%i, %j) = (32, 32) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x32xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output z>} : tensor<32x32xi8>
  return %a : tensor<32x32xi8>
}
// CHECK: errors.mlir:10:{{.*}}lanes <output z> are not possible: there is no such choice; expected <output i> or <output j>
// LEGAL: lanes = #affine_nest.lanes<output i>
// KEY: found 'outlet', expected one of sum, output, batch, input, weights
// FACTOR: found weights 'third', expected first or second
// SUM: lanes <sum, output i> are not possible: it has no sum of products that is worth storing byte by byte; expected <output i> or <output j>
// HOST: has lanes, but cannot run on the core: it yields f32; the core stores i8
