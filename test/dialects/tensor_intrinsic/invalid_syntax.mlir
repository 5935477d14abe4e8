// RUN: PARSING_DIAG
// What the parser refuses, with the place.

func.func @f(%x: tensor<4x16xi8>) {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : tensor<4x16xi8> {
  }
  return
}
// CHECK: invalid_syntax.mlir:{{[0-9]+}}:{{[0-9]+}}: error: expected a function type with one result, found tensor<4x16xi8>

// -----

func.func @f(%x: tensor<4x16xi8>) {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x16xi8>) -> () {
  }
  return
}
// CHECK: error: expected a function type with one result, found (tensor<4x16xi8>) -> ()

// -----

func.func @f(%x: tensor<4x16xi8>) {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x16xi8>) -> i8 {
  }
  return
}
// CHECK: error: expected a tensor, found i8

// -----

func.func @f(%x: tensor<4x16xi8>) {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : () -> tensor<4x16xi8> {
  }
  return
}
// CHECK: error: expected 0 operand types but had 1

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0] to %b[0, 0] sizes [4] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: expected one index, found 2

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0] to %b[0] sizes [min 4] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: '(' expected

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.alu sub [] %a[0], 1 : memref<1x16xi32, #tensor_intrinsic<memory acc>>
  return
}
// CHECK: error: Expected `add`, `max`, `min`, `shr`, or `mul`

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.reset [] %a[0] : memref<1x16xi32, #tensor_intrinsic<memory acc>>, i8
  return
}
// CHECK: error: expected 2 operand types but had 1

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory out>>) {
  return
}
// CHECK: error: Expected `inp`, `wgt`, or `acc`

// -----

func.func @f() attributes {a = #tensor_intrinsic.schedule<tile [1] order [0] inp 1 acc 1>} {
  return
}
// CHECK: error: Expected 'wgt'

// -----

func.func @f() attributes {a = #tensor_intrinsic.schedule<tile [4, 0] order [0] inp 1 wgt 1 acc 1>} {
  return
}
// CHECK: error: tile sizes must be positive, found [4, 0]

// -----

func.func @f() attributes {a = #tensor_intrinsic.schedule<tile [4, 4] order [0, 2] inp 1 wgt 1 acc 1>} {
  return
}
// CHECK: error: order must be a permutation of the parallel iterators, found [0, 2]

// -----

func.func @f() attributes {a = #tensor_intrinsic.schedule<tile [4] order [0] inp 1 wgt 0 acc 1>} {
  return
}
// CHECK: error: expected a positive number of slots for inp, wgt and acc

// -----

func.func @f() attributes {a = #tensor_intrinsic.schedule<tile [4] order [0] inp 1 wgt 1 acc 1 strips 0>} {
  return
}
// CHECK: error: strips must be positive, found 0
