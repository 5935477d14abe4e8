// RUN: nopt %s --split-input-file -p affine-nest-pack | filecheck %s
// A core with a batch and unequal sides: a vector takes two entries of the shorter side, each with all four rows. Here GEMM
// reads inputs in parts, and nests store whole vectors.

builtin.module attributes {isa.machine = {LOG_BATCH = 2, LOG_BLOCK_IN = 3, LOG_INP_BUFF_SIZE = 16, LOG_WGT_BUFF_SIZE = 17, LOG_ACC_BUFF_SIZE = 19}} {
  func.func @rows(%x: tensor<6x16xi8>, %w: tensor<16x16xi8>) -> tensor<6x16xi8> {
    %bias = graph.constant dense<3> : tensor<16xi32>
    %y = affine_nest.for (%m, %o) = (6, 16) reduce (%i) = (16) {
      %a = affine_nest.load %x[%m, %i] : tensor<6x16xi8>
      %v = affine_nest.load %w[%o, %i] : tensor<16x16xi8>
      %ae = arith.extsi %a : i8 to i32
      %ve = arith.extsi %v : i8 to i32
      %p = arith.muli %ae, %ve : i32
      %s = affine_nest.reduce add %p : i32
      %c = affine_nest.load %bias[%o] : tensor<16xi32>
      %z = arith.addi %s, %c : i32
      %t = arith.trunci %z : i32 to i8
      affine_nest.yield %t : i8
    } attributes {lanes = #affine_nest.lanes<output o, batch m, input 1, weights second>} : tensor<6x16xi8>
    return %y : tensor<6x16xi8>
  }
}
// CHECK: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (2, 1, 2, 4, 8) {
// CHECK: {{.+}} = affine_nest.load %x[%i0 * 4 + %i3, %i2 * 8 + %lane] pad 0 : tensor<6x16xi8>
// CHECK: } : tensor<2x1x2x4x8xi8>
// CHECK: %w_1 = affine_nest.for (%ilp, %ol, %il) = (2, 16, 8) {
// CHECK: {{.+}} = affine_nest.load %w[%ol, %ilp * 8 + %il] : tensor<16x16xi8>
// CHECK: } : tensor<2x16x8xi8>
// CHECK: %bias_1 = affine_nest.for (%mr, %ol_1) = (4, 16) {
// CHECK: {{.+}} = affine_nest.load %bias[%ol_1] : tensor<16xi32>
// CHECK: } : tensor<4x16xi32>
// CHECK: %y = affine_nest.for (%mb, %ob, %mr_1, %ol_2) = (2, 1, 4, 16) reduce (%ib, %il_1) = (1, 16) {
// CHECK: {{.+}} = affine_nest.load %x_1[%mb, 0, %il_1 floordiv 8, %mr_1, %il_1 mod 8] : tensor<2x1x2x4x8xi8>
// CHECK: {{.+}} = affine_nest.load %w_1[%il_1 floordiv 8, %ol_2, %il_1 mod 8] : tensor<2x16x8xi8>
// CHECK: {{.+}} = affine_nest.load %bias_1[%mr_1, %ol_2] : tensor<4x16xi32>
// CHECK: layout = {axis = 1 : i64, shape = array<i64: 6, 16>, rows = 0 : i64}} : tensor<2x1x4x16xi8>
// CHECK: %y_1 = affine_nest.for (%i0_1, %i1_1) = (6, 16) {
// CHECK: {{.+}} = affine_nest.load %y[%i0_1 floordiv 4, 0, %i0_1 mod 4, %i1_1] : tensor<2x1x4x16xi8>
// CHECK: } : tensor<6x16xi8>

// -----

// Here results, and what is added to them, lie in parts.
builtin.module attributes {isa.machine = {LOG_BATCH = 2, LOG_BLOCK_OUT = 3, LOG_INP_BUFF_SIZE = 17, LOG_WGT_BUFF_SIZE = 17, LOG_ACC_BUFF_SIZE = 18}} {
  func.func @rows(%x: tensor<6x16xi8>, %w: tensor<16x16xi8>) -> tensor<6x16xi8> {
    %bias = graph.constant dense<3> : tensor<16xi32>
    %y = affine_nest.for (%m, %o) = (6, 16) reduce (%i) = (16) {
      %a = affine_nest.load %x[%m, %i] : tensor<6x16xi8>
      %v = affine_nest.load %w[%o, %i] : tensor<16x16xi8>
      %ae = arith.extsi %a : i8 to i32
      %ve = arith.extsi %v : i8 to i32
      %p = arith.muli %ae, %ve : i32
      %s = affine_nest.reduce add %p : i32
      %c = affine_nest.load %bias[%o] : tensor<16xi32>
      %z = arith.addi %s, %c : i32
      %t = arith.trunci %z : i32 to i8
      affine_nest.yield %t : i8
    } attributes {lanes = #affine_nest.lanes<output o, batch m, input 1, weights second>} : tensor<6x16xi8>
    return %y : tensor<6x16xi8>
  }
}
// CHECK: %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 1, 4, 16) {
// CHECK: {{.+}} = affine_nest.load %x[%i0 * 4 + %i2, %lane] pad 0 : tensor<6x16xi8>
// CHECK: } : tensor<2x1x4x16xi8>
// CHECK: %w_1 = affine_nest.for (%ol, %il) = (16, 16) {
// CHECK: {{.+}} = affine_nest.load %w[%ol, %il] : tensor<16x16xi8>
// CHECK: } : tensor<16x16xi8>
// CHECK: %bias_1 = affine_nest.for (%olp, %mr, %ol_1) = (2, 4, 8) {
// CHECK: {{.+}} = affine_nest.load %bias[%olp * 8 + %ol_1] : tensor<16xi32>
// CHECK: } : tensor<2x4x8xi32>
// CHECK: %y = affine_nest.for (%mb, %ob, %mr_1, %ol_2) = (2, 1, 4, 16) reduce (%ib, %il_1) = (1, 16) into [%mb, 0, %ol_2 floordiv 8, %mr_1, %ol_2 mod 8] {
// CHECK: {{.+}} = affine_nest.load %x_1[%mb, 0, %mr_1, %il_1] : tensor<2x1x4x16xi8>
// CHECK: {{.+}} = affine_nest.load %w_1[%ol_2, %il_1] : tensor<16x16xi8>
// CHECK: {{.+}} = affine_nest.load %bias_1[%ol_2 floordiv 8, %mr_1, %ol_2 mod 8] : tensor<2x4x8xi32>
// CHECK: layout = {axis = 1 : i64, shape = array<i64: 6, 16>, rows = 0 : i64, parts = 2 : i64}} : tensor<2x1x2x4x8xi8>
// CHECK: %y_1 = affine_nest.for (%i0_1, %i1_1) = (6, 16) {
// CHECK: {{.+}} = affine_nest.load %y[%i0_1 floordiv 4, 0, %i1_1 floordiv 8, %i0_1 mod 4, %i1_1 mod 8] : tensor<2x1x2x4x8xi8>
// CHECK: } : tensor<6x16xi8>
