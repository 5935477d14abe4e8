// RUN: nopt %s -p affine-nest-pack | filecheck %s
// Tensors that are to lie in an order of their own.

// An argument that is to lie in blocks of rows is packed so, and unpacked for who reads it.
func.func @pinned(%x: tensor<4x32x64xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d1, d0, (d2 floordiv 16), (d2 mod 16))>}) -> tensor<4x32x64xi8> {
  %y = affine_nest.for (%n, %i, %j) = (4, 32, 64) {
    %v = affine_nest.load %x[%n, %i, %j] : tensor<4x32x64xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output j>} : tensor<4x32x64xi8>
  func.return %y : tensor<4x32x64xi8>
}
// CHECK-LABEL: func.func @pinned(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (32, 4, 4, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i1, %i0, %i2 * 16 + %lane] : tensor<4x32x64xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<32x4x4x16xi8>
// CHECK-NEXT: %x_3 = affine_nest.for (%i0_1, %i1_1, %i2_1) = (4, 32, 64) {
// CHECK-NEXT: %0 = affine_nest.load %x_1[%i1_1, %i0_1, %i2_1 floordiv 16, %i2_1 mod 16] : tensor<32x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<4x32x64xi8>
// CHECK-NEXT: %x_4 = affine_nest.for (%i0_2, %i1_2, %i2_2, %lane_1) = (4, 32, 4, 16) {
// CHECK-NEXT: %x_5 = affine_nest.load %x_3[%i0_2, %i1_2, %i2_2 * 16 + %lane_1] : tensor<4x32x64xi8>
// CHECK-NEXT: affine_nest.yield %x_5 : i8
// CHECK-NEXT: } : tensor<4x32x4x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %i, %jb, %jl) = (4, 32, 4, 16) {
// CHECK-NEXT: %v = affine_nest.load %x_4[%n, %i, %jb, %jl] : tensor<4x32x4x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 4, 32, 64>}} : tensor<4x32x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_3, %i1_3, %i2_3) = (4, 32, 64) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_3, %i1_3, %i2_3 floordiv 16, %i2_3 mod 16] : tensor<4x32x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<4x32x64xi8>
// CHECK-NEXT: func.return %y_1 : tensor<4x32x64xi8>

// So is a result.
func.func @pinned_result(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %y = affine_nest.for (%i, %j) = (32, 64) {
    %v = affine_nest.load %x[%i, %j] : tensor<32x64xi8>
    affine_nest.yield %v : i8
  } attributes {order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>, lanes = #affine_nest.lanes<output j>} : tensor<32x64xi8>
  func.return %y : tensor<32x64xi8>
}
// CHECK-LABEL: func.func @pinned_result(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (32, 4, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<32x64xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<32x4x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i, %jb, %jl) = (32, 4, 16) {
// CHECK-NEXT: %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<32x4x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 64>}} : tensor<32x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (32, 64) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<32x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<32x64xi8>
// CHECK-NEXT: %y_3 = affine_nest.for (%i0_2, %i1_2, %i2, %lane_1) = (2, 4, 16, 16) {
// CHECK-NEXT: %y_4 = affine_nest.load %y_1[%i0_2 * 16 + %i2, %i1_2 * 16 + %lane_1] : tensor<32x64xi8>
// CHECK-NEXT: affine_nest.yield %y_4 : i8
// CHECK-NEXT: } : tensor<2x4x16x16xi8>
// CHECK-NEXT: %y_5 = affine_nest.for (%i0_3, %i1_3) = (32, 64) {
// CHECK-NEXT: %0 = affine_nest.load %y_3[%i0_3 floordiv 16, %i1_3 floordiv 16, %i0_3 mod 16, %i1_3 mod 16] : tensor<2x4x16x16xi8>
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<32x64xi8>
// CHECK-NEXT: func.return %y_5 : tensor<32x64xi8>

// What a nest writes a part of may be packed on the way: whose block is whose was decided before.
func.func @joined(%x: tensor<8xi8>) -> tensor<32xi8> {
  %a = affine_nest.for (%i) = (8) into [%i] {
    %a_1 = affine_nest.load %x[%i] : tensor<8xi8>
    affine_nest.yield %a_1 : i8
  } attributes {lanes = #affine_nest.lanes<output i>} : tensor<32xi8>
  %b = affine_nest.for (%j) = (8) into %a[%j + 8] {
    %b_1 = affine_nest.load %x[%j] : tensor<8xi8>
    affine_nest.yield %b_1 : i8
  } attributes {placement = "host", order = affine_map<(d0) -> ((d0 floordiv 16), (d0 mod 16))>} : tensor<32xi8>
  %c = affine_nest.for (%k) = (8) into %b[%k + 16] {
    %c_1 = affine_nest.load %x[%k] : tensor<8xi8>
    affine_nest.yield %c_1 : i8
  } attributes {lanes = #affine_nest.lanes<output k>} : tensor<32xi8>
  %d = affine_nest.for (%l) = (8) into %c[%l + 24] {
    %d_1 = affine_nest.load %x[%l] : tensor<8xi8>
    affine_nest.yield %d_1 : i8
  } attributes {placement = "host"} : tensor<32xi8>
  func.return %d : tensor<32xi8>
}
// CHECK-LABEL: func.func @joined(
// CHECK: %b_2 = affine_nest.for (%i0_2, %lane_1) = (2, 16) {
// CHECK: %b_5 = affine_nest.for
// CHECK: %c = affine_nest.for (%kb, %kl) = (1, 16) into %b_5[1, %kl] {
// CHECK: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 32>}} : tensor<2x16xi8>
// CHECK: %d = affine_nest.for (%l) = (8) into %c_2[%l + 24] {
