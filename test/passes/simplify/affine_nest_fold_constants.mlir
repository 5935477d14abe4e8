// RUN: nopt %s -p affine-nest-fold-constants | filecheck %s
// Nests that read only constants become constants.

func.func @folded() -> (tensor<3x2xi8>, tensor<2xi32>) {
  %c = graph.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %y = affine_nest.for (%i, %j) = (3, 2) {
    %a = affine_nest.load %c[%j, %i] : tensor<2x3xi8>
    affine_nest.yield %a : i8
  } : tensor<3x2xi8>
  %z = affine_nest.for (%j) = (2) reduce (%i) = (4) {
    %a = affine_nest.load %y[%i, %j] pad 100 : tensor<3x2xi8>
    %e = arith.extsi %a : i8 to i32
    %s = affine_nest.reduce add %e : i32
    affine_nest.yield %s : i32
  } : tensor<2xi32>
  return %y, %z : tensor<3x2xi8>, tensor<2xi32>
}
// CHECK-LABEL: func.func @folded(
// CHECK-NEXT: %y = graph.constant dense<[[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi8>
// CHECK-NEXT: %z = graph.constant dense<[106, 115]> : tensor<2xi32>
// CHECK-NEXT: func.return %y, %z : tensor<3x2xi8>, tensor<2xi32>

// Large ones are resources, named after the result.
func.func @resource() -> tensor<36xi8> {
  %w = graph.constant dense_resource<weights> : tensor<12x3xi8>
  %y = affine_nest.for (%i) = (36) {
    %a = affine_nest.load %w[%i mod 12, %i floordiv 12] : tensor<12x3xi8>
    affine_nest.yield %a : i8
  } : tensor<36xi8>
  return %y : tensor<36xi8>
}
// CHECK-LABEL: func.func @resource(
// CHECK-NEXT: %y = graph.constant dense_resource<y> : tensor<36xi8>
// CHECK-NEXT: func.return %y : tensor<36xi8>

// Not with an argument among what it reads, nor if it reads nothing.
func.func @kept(%x: tensor<2xi8>) -> (tensor<2xi8>, tensor<2xi8>) {
  %c = graph.constant dense<[1, 2]> : tensor<2xi8>
  %y = affine_nest.for (%i) = (2) {
    %a = affine_nest.load %c[%i] : tensor<2xi8>
    %b = affine_nest.load %x[%i] : tensor<2xi8>
    %v = arith.addi %a, %b : i8
    affine_nest.yield %v : i8
  } : tensor<2xi8>
  %z = affine_nest.for (%i) = (2) {
    %v = arith.constant 7 : i8
    affine_nest.yield %v : i8
  } : tensor<2xi8>
  return %y, %z : tensor<2xi8>, tensor<2xi8>
}
// CHECK-LABEL: func.func @kept(
// CHECK-NEXT: %c = graph.constant dense<[1, 2]> : tensor<2xi8>
// CHECK-NEXT: %y = affine_nest.for (%i) = (2) {
// CHECK-NEXT: %a = affine_nest.load %c[%i] : tensor<2xi8>
// CHECK-NEXT: %b = affine_nest.load %x[%i] : tensor<2xi8>
// CHECK-NEXT: %v = arith.addi %a, %b : i8
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<2xi8>
// CHECK-NEXT: %z = affine_nest.for (%i_1) = (2) {
// CHECK-NEXT: %v_1 = arith.constant 7 : i8
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<2xi8>
// CHECK-NEXT: func.return %y, %z : tensor<2xi8>, tensor<2xi8>

// What a nest writes into, too: on the core it begins as the constant.
func.func @written(%x: tensor<2xi8>) -> tensor<4xi8> {
  %c = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %d = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %c[3 - %i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  %y = affine_nest.for (%i) = (2) into %d[%i] {
    %a = affine_nest.load %x[%i] : tensor<2xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK-LABEL: func.func @written(
// CHECK-NEXT: %d = graph.constant dense<[4, 3, 2, 1]> : tensor<4xi8>
// CHECK-NEXT: %y = affine_nest.for (%i) = (2) into %d[%i] {

// CHECK: y: "0x01000000000306090c0f1215181b1e210104070a0d101316191c1f220205080b0e1114171a1d2023"
{-# dialect_resources: { builtin: {
  weights: "0x01000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
} } #-}
