// RUN: PARSING_DIAG
// What the parser refuses, with the place.

func.func @f(%x: memref<4x16xi8>) {
  isa.load out[0] from %x[0] rows 0 size 1 of 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: invalid_syntax.mlir:{{[0-9]+}}:{{[0-9]+}}: error: Expected `inp`, `wgt`, or `acc`

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[0] from %x[0, 0] rows 0 size 1 of 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: error: expected one index, found 2

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[0] from %x[0] rows 0 size 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: error: Expected 'of'

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[%i] from %x[0] rows 0 size 1 of 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: error: %i is not defined

// -----

func.func @f(%y: memref<4x16xi8>) {
  isa.store %y[0] from acc[0] rows 1 stride 1 columns 4 : memref<4x16xi8>
  return
}
// CHECK: error: Expected 'out'

// -----

isa.gemm acc[0] wgt[0] inp[0] outer 1 by (0, 0, 0) inner 4 by (1, 1, 0)
// CHECK: error: Expected 'inp'

// -----

isa.reset acc[] outer 1 by (0) inner 4 by (1)
// CHECK: error: expected one index, found 0

// -----

isa.alu sub acc[0], 1 outer 1 by (0) inner 4 by (1)
// CHECK: error: Expected `add`, `max`, `min`, `shr`, or `mul`

// -----

isa.alu add acc[0], inp[0] outer 1 by (0, 0) inner 4 by (1, 1)
// CHECK: error: Expected 'acc'

// -----

func.func @f(%x: tensor<4x16xi8>) {
  %y = isa.kernel (%xm = %x) to (%ym) : tensor<4x16xi8> {
  }
  return
}
// CHECK: error: expected a function type with one result, found tensor<4x16xi8>
