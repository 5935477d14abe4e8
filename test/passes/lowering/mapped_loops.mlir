// RUN: nopt %s -p convert-affine-nest-to-affine | filecheck %s
// A mapped nest has the loops of each level; PEs run in parallel, and those that share in a sum have
// a part of it each.

func.func @main(%x: tensor<4x6x6xi16>, %w: tensor<8x4x3x3xi16>) -> tensor<8x6x6xi16> {
  %r = affine_nest.for (%m, %h, %v) = (8, 6, 6) reduce (%c, %i, %j) = (4, 3, 3) {
    %a = affine_nest.load %x[%c, %h + %i - 1, %v + %j - 1] pad 0 : tensor<4x6x6xi16>
    %b = affine_nest.load %w[%m, %c, %i, %j] : tensor<8x4x3x3xi16>
    %p = arith.muli %a, %b : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } attributes {mapping = #affine_nest.mapping<"pe256", dram (m 2, v 2), spm (c 2, h 2), spatial (m 4, v 3, c 2), rf (h 3, i 3, j 3)>} : tensor<8x6x6xi16>
  return %r : tensor<8x6x6xi16>
}
// CHECK-LABEL: func.func @main(%x: memref<4x6x6xi16>, %w: memref<8x4x3x3xi16>) -> memref<8x6x6xi16> {
// CHECK: %r = memref.alloc() : memref<8x6x6xi16>
// CHECK: %0 = arith.constant 0 : i16
// CHECK: affine.for %i0 = 0 to 8 {
// CHECK: affine.for %i1 = 0 to 6 {
// CHECK: affine.for %i2 = 0 to 6 {
// CHECK: affine.store %0, %r[%i0, %i1, %i2] : memref<8x6x6xi16>
// CHECK: %sums = memref.alloc() : memref<2x8x6x6xi16>
// CHECK: %1 = arith.constant 0 : i16
// CHECK: affine.for %i0_1 = 0 to 2 {
// CHECK: affine.for %i1_1 = 0 to 8 {
// CHECK: affine.for %i2_1 = 0 to 6 {
// CHECK: affine.for %i3 = 0 to 6 {
// CHECK: affine.store %1, %sums[%i0_1, %i1_1, %i2_1, %i3] : memref<2x8x6x6xi16>
// CHECK: affine.for %m_dram = 0 to 2 {
// CHECK: affine.for %v_dram = 0 to 2 {
// CHECK: affine.for %c_spm = 0 to 2 {
// CHECK: affine.for %h_spm = 0 to 2 {
// CHECK: "affine.parallel"() <{reductions = [], lowerBoundsMap = affine_map<() -> (0, 0, 0)>, lowerBoundsGroups = dense<1> : tensor<3xi32>, upperBoundsMap = affine_map<() -> (4, 3, 2)>, upperBoundsGroups = dense<1> : tensor<3xi32>, steps = [1 : i64, 1 : i64, 1 : i64]}> ({
// CHECK: ^bb0(%m_spatial: index, %v_spatial: index, %c_spatial: index):
// CHECK: affine.for %h_rf = 0 to 3 {
// CHECK: affine.for %i_rf = 0 to 3 {
// CHECK: affine.for %j_rf = 0 to 3 {
// CHECK: %a = "affine.if"(%v_dram, %c_spm, %h_spm, %v_spatial, %c_spatial, %h_rf, %i_rf, %j_rf) <{condition = affine_set<(d0, d1, d2, d3, d4, d5, d6, d7) : (((((d2 * 3) + d5) + d6) + -1) >= 0, ((((d2 * -3) + (d5 * -1)) + (d6 * -1)) + 6) >= 0, ((((d0 * 3) + d3) + d7) + -1) >= 0, ((((d0 * -3) + (d3 * -1)) + (d7 * -1)) + 6) >= 0)>}> ({
// CHECK: %a_1 = affine.load %x[%c_spm * 2 + %c_spatial, %h_spm * 3 + %h_rf + %i_rf + -1, %v_dram * 3 + %v_spatial + %j_rf + -1] : memref<4x6x6xi16>
// CHECK: affine.yield %a_1 : i16
// CHECK: }, {
// CHECK: %2 = arith.constant 0 : i16
// CHECK: affine.yield %2 : i16
// CHECK: }) : (index, index, index, index, index, index, index, index) -> i16
// CHECK: %b = affine.load %w[%m_dram * 4 + %m_spatial, %c_spm * 2 + %c_spatial, %i_rf, %j_rf] : memref<8x4x3x3xi16>
// CHECK: %p = arith.muli %a, %b : i16
// CHECK: %3 = affine.load %sums[%c_spatial, %m_dram * 4 + %m_spatial, %h_spm * 3 + %h_rf, %v_dram * 3 + %v_spatial] : memref<2x8x6x6xi16>
// CHECK: %4 = arith.addi %3, %p : i16
// CHECK: affine.store %4, %sums[%c_spatial, %m_dram * 4 + %m_spatial, %h_spm * 3 + %h_rf, %v_dram * 3 + %v_spatial] : memref<2x8x6x6xi16>
// CHECK: } {level = "rf"}
// CHECK: } {level = "rf"}
// CHECK: } {level = "rf"}
// CHECK: affine.yield
// CHECK: }) {level = "spatial"} : () -> ()
// CHECK: } {level = "spm"}
// CHECK: } {level = "spm"}
// CHECK: } {level = "dram"}
// CHECK: } {level = "dram"}
// CHECK: affine.for %i0_2 = 0 to 2 {
// CHECK: affine.for %i1_2 = 0 to 8 {
// CHECK: affine.for %i2_2 = 0 to 6 {
// CHECK: affine.for %i3_1 = 0 to 6 {
// CHECK: %5 = affine.load %sums[%i0_2, %i1_2, %i2_2, %i3_1] : memref<2x8x6x6xi16>
// CHECK: %6 = affine.load %r[%i1_2, %i2_2, %i3_1] : memref<8x6x6xi16>
// CHECK: %7 = arith.addi %6, %5 : i16
// CHECK: affine.store %7, %r[%i1_2, %i2_2, %i3_1] : memref<8x6x6xi16>
// CHECK: memref.dealloc %sums : memref<2x8x6x6xi16>
// CHECK: func.return %r : memref<8x6x6xi16>
