// RUN: nopt %s -p affine-nest-pack | filecheck %s
// Numbers that the core cannot hold: as immediates, as results.

// A number that is no 16-bit immediate becomes a vector.
func.func @wide_number(%x: tensor<5x16xi32>) -> tensor<5x16xi8> {
  %y = affine_nest.for (%i, %j) = (5, 16) {
    %a = affine_nest.load %x[%i, %j] : tensor<5x16xi32>
    %n = arith.constant 100000 : i32
    %s = arith.addi %a, %n : i32
    %nine = arith.constant 9 : i32
    %h = arith.shrsi %s, %nine : i32
    %v = arith.trunci %h : i32 to i8
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<5x16xi8>
  return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @wide_number(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (5, 1, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %lane] : tensor<5x16xi32>
// CHECK-NEXT: affine_nest.yield %x_2 : i32
// CHECK-NEXT: } : tensor<5x1x16xi32>
// CHECK-NEXT: %immediate = graph.constant dense<100000> : tensor<16xi32>
// CHECK-NEXT: %y = affine_nest.for (%i, %jb, %jl) = (5, 1, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[%i, 0, %jl] : tensor<5x1x16xi32>
// CHECK-NEXT: %immediate_1 = affine_nest.load %immediate[%jl] : tensor<16xi32>
// CHECK: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 5, 16>}} : tensor<5x1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (5, 16) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1, 0, %i1_1] : tensor<5x1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<5x16xi8>
// CHECK-NEXT: func.return %y_1 : tensor<5x16xi8>

// A sum that is wanted whole: the core stores its bytes, one plane after the other; the host puts
// them together and goes on with what the core cannot do. 24 bits hold this one.
func.func @wide_sum(%x: tensor<5x32xi8>, %w: tensor<32x16xi8>) -> tensor<5x16xi8> {
  %y = affine_nest.for (%m, %n) = (5, 16) reduce (%k) = (32) {
    %a = affine_nest.load %x[%m, %k] : tensor<5x32xi8>
    %b = affine_nest.load %w[%k, %n] : tensor<32x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %e = arith.extsi %s : i32 to i64
    %c = arith.constant 123456789 : i64
    %q = arith.muli %e, %c : i64
    %thirty = arith.constant 30 : i64
    %t = arith.shrsi %q, %thirty : i64
    %u = arith.trunci %t : i64 to i8
    affine_nest.yield %u : i8
  } attributes {lanes = #affine_nest.lanes<sum, output n, input 1, weights second>} : tensor<5x16xi8>
  return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @wide_sum(
// CHECK-NEXT: %planes = graph.constant dense<[0, 8, 16]> : tensor<3xi32>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (5, 2, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<5x32xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<5x2x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%kb, %nl, %kl) = (2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%kb * 16 + %kl, %nl] : tensor<32x16xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%plane, %m, %nb, %nl_1) = (3, 5, 1, 16) reduce (%kb_1, %kl_1) = (2, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[%m, %kb_1, %kl_1] : tensor<5x2x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%kb_1, %nl_1, %kl_1] : tensor<2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK-NEXT: %planes_1 = affine_nest.load %planes[%plane] : tensor<3xi32>
// CHECK: affine_nest.yield %1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 3, 5, 16>}} : tensor<3x5x1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2) = (3, 5, 16) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1, %i1_1, 0, %i2] : tensor<3x5x1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<3x5x16xi8>
// CHECK-NEXT: %y_3 = affine_nest.for (%m_1, %n) = (5, 16) {
// CHECK-NEXT: %y_4 = affine_nest.load %y_1[0, %m_1, %n] : tensor<3x5x16xi8>
// CHECK: %y_5 = affine_nest.load %y_1[1, %m_1, %n] : tensor<3x5x16xi8>
// CHECK: %y_6 = affine_nest.load %y_1[2, %m_1, %n] : tensor<3x5x16xi8>
// CHECK: affine_nest.yield %u : i8
// CHECK-NEXT: } attributes {placement = "host", host_reason = "it goes on with 32-bit sums; the core stores i8"} : tensor<5x16xi8>
// CHECK-NEXT: func.return %y_3 : tensor<5x16xi8>
