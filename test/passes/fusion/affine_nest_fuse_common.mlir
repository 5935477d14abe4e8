// RUN: nopt %s -p convert-graph-to-affine-nest,affine-nest-fuse | filecheck %s
// Nests that compute the same are one; but what two nests can each compute by itself is not stored
// for both, and each result of a function keeps its name.

func.func @common(%x: tensor<2x3xi8>, %w: tensor<3x4xi8>, %v: tensor<4x1xi32>) -> (tensor<2x1xi32>, tensor<1x2xi32>) {
  %y = graph.matmul %x, %w : (tensor<2x3xi8>, tensor<3x4xi8>) -> tensor<2x4xi32>
  %z = graph.matmul %x, %w : (tensor<2x3xi8>, tensor<3x4xi8>) -> tensor<2x4xi32>
  %s = graph.matmul %y, %v : (tensor<2x4xi32>, tensor<4x1xi32>) -> tensor<2x1xi32>
  %t = graph.matmul %v, %z transpose_a transpose_b : (tensor<4x1xi32>, tensor<2x4xi32>) -> tensor<1x2xi32>
  return %s, %t : tensor<2x1xi32>, tensor<1x2xi32>
}
// CHECK-LABEL: func.func @common(
// CHECK-NEXT: %y = affine_nest.for (%m, %n) = (2, 4) reduce (%k) = (3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%m, %k] : tensor<2x3xi8>
// CHECK-NEXT: %w_1 = affine_nest.load %w[%k, %n] : tensor<3x4xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<2x4xi32>
// CHECK-NEXT: %s = affine_nest.for (%m_1, %n_1) = (2, 1) reduce (%k_1) = (4) {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%m_1, %k_1] : tensor<2x4xi32>
// CHECK-NEXT: %v_1 = affine_nest.load %v[%k_1, 0] : tensor<4x1xi32>
// CHECK-NEXT: %4 = arith.muli %y_1, %v_1 : i32
// CHECK-NEXT: %5 = affine_nest.reduce add %4 : i32
// CHECK-NEXT: affine_nest.yield %5 : i32
// CHECK-NEXT: } : tensor<2x1xi32>
// CHECK-NEXT: %t = affine_nest.for (%m_2, %n_2) = (1, 2) reduce (%k_2) = (4) {
// CHECK-NEXT: %v_2 = affine_nest.load %v[%k_2, 0] : tensor<4x1xi32>
// CHECK-NEXT: %z = affine_nest.load %y[%n_2, %k_2] : tensor<2x4xi32>
// CHECK-NEXT: %6 = arith.muli %v_2, %z : i32
// CHECK-NEXT: %7 = affine_nest.reduce add %6 : i32
// CHECK-NEXT: affine_nest.yield %7 : i32
// CHECK-NEXT: } : tensor<1x2xi32>
// CHECK-NEXT: func.return %s, %t : tensor<2x1xi32>, tensor<1x2xi32>

func.func @each_for_itself(%x: tensor<2x3xi8>) -> (tensor<2x3xi8>, tensor<3x2xi8>) {
  %a = graph.relu %x : tensor<2x3xi8>
  %b = graph.relu %x : tensor<2x3xi8>
  %s = graph.clip %a min -5 max 5 : tensor<2x3xi8>
  %t = graph.transpose %b permutation [1, 0] : tensor<2x3xi8> -> tensor<3x2xi8>
  %u = graph.clip %t min -5 max 5 : tensor<3x2xi8>
  return %s, %u : tensor<2x3xi8>, tensor<3x2xi8>
}
// CHECK-LABEL: func.func @each_for_itself(
// CHECK-NEXT: %s = affine_nest.for (%i0, %i1) = (2, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1] : tensor<2x3xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: %2 = arith.constant -5 : i8
// CHECK-NEXT: %3 = arith.maxsi %1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 5 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<2x3xi8>
// CHECK-NEXT: %u = affine_nest.for (%i0_1, %i1_1) = (3, 2) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i1_1, %i0_1] : tensor<2x3xi8>
// CHECK-NEXT: %6 = arith.constant 0 : i8
// CHECK-NEXT: %7 = arith.maxsi %x_2, %6 : i8
// CHECK-NEXT: %8 = arith.constant -5 : i8
// CHECK-NEXT: %9 = arith.maxsi %7, %8 : i8
// CHECK-NEXT: %10 = arith.constant 5 : i8
// CHECK-NEXT: %11 = arith.minsi %9, %10 : i8
// CHECK-NEXT: affine_nest.yield %11 : i8
// CHECK-NEXT: } : tensor<3x2xi8>
// CHECK-NEXT: func.return %s, %u : tensor<2x3xi8>, tensor<3x2xi8>

func.func @results(%x: tensor<2x3xi8>) -> (tensor<2x3xi8>, tensor<2x3xi8>) {
  %a = graph.relu %x : tensor<2x3xi8>
  %b = graph.relu %x : tensor<2x3xi8>
  return %a, %b : tensor<2x3xi8>, tensor<2x3xi8>
}
// CHECK-LABEL: func.func @results(
// CHECK-NEXT: %a = affine_nest.for (%i0, %i1) = (2, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1] : tensor<2x3xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<2x3xi8>
// CHECK-NEXT: %b = affine_nest.for (%i0_1, %i1_1) = (2, 3) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_1, %i1_1] : tensor<2x3xi8>
// CHECK-NEXT: %2 = arith.constant 0 : i8
// CHECK-NEXT: %3 = arith.maxsi %x_2, %2 : i8
// CHECK-NEXT: affine_nest.yield %3 : i8
// CHECK-NEXT: } : tensor<2x3xi8>
// CHECK-NEXT: func.return %a, %b : tensor<2x3xi8>, tensor<2x3xi8>
// CHECK-NEXT: }
