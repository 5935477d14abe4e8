// RUN: nopt %s -p affine-nest-pack | filecheck %s
// A core with a batch of 4: vectors have 4 rows, along an iterator or all alike.

builtin.module attributes {isa.machine = {LOG_BATCH = 2, LOG_INP_BUFF_SIZE = 17, LOG_WGT_BUFF_SIZE = 18, LOG_ACC_BUFF_SIZE = 19}} {
  // Six rows are two blocks of 4, the last one filled up; the bias is the same in all rows.
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
  // CHECK-LABEL: func.func @rows(
  // CHECK: %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 1, 4, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x[%i0 * 4 + %i2, %lane] pad 0 : tensor<6x16xi8>
  // CHECK: %w_1 = affine_nest.for (%ol, %il) = (16, 16) {
  // CHECK: %bias_1 = affine_nest.for (%mr, %ol_1) = (4, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %bias[%ol_1] : tensor<16xi32>
  // CHECK: %y = affine_nest.for (%mb, %ob, %mr_1, %ol_2) = (2, 1, 4, 16) reduce (%ib, %il_1) = (1, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x_1[%mb, 0, %mr_1, %il_1] : tensor<2x1x4x16xi8>
  // CHECK-NEXT: {{.+}} = affine_nest.load %w_1[%ol_2, %il_1] : tensor<16x16xi8>
  // CHECK: {{.+}} = affine_nest.load %bias_1[%mr_1, %ol_2] : tensor<4x16xi32>
  // CHECK: layout = {axis = 1 : i64, shape = array<i64: 6, 16>, rows = 0 : i64}} : tensor<2x1x4x16xi8>
  // CHECK: {{.+}} = affine_nest.load %y[%i0_1 floordiv 4, 0, %i0_1 mod 4, %i1_1] : tensor<2x1x4x16xi8>

  // No iterator may run through the rows: all are alike, and the first one is read.
  func.func @alike(%x: tensor<1x16x5xi8>, %w: tensor<16x16x3xi8>) -> tensor<1x16x5xi8> {
    %y = affine_nest.for (%n, %o, %h) = (1, 16, 5) reduce (%i, %k) = (16, 3) {
      %a = affine_nest.load %x[0, %i, %h + %k - 1] pad 0 : tensor<1x16x5xi8>
      %v = affine_nest.load %w[%o, %i, %k] : tensor<16x16x3xi8>
      %ae = arith.extsi %a : i8 to i32
      %ve = arith.extsi %v : i8 to i32
      %p = arith.muli %ae, %ve : i32
      %s = affine_nest.reduce add %p : i32
      %t = arith.trunci %s : i32 to i8
      affine_nest.yield %t : i8
    } attributes {lanes = #affine_nest.lanes<output o, batch none, input 1, weights second>} : tensor<1x16x5xi8>
    return %y : tensor<1x16x5xi8>
  }
  // CHECK-LABEL: func.func @alike(
  // CHECK: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 1, 5, 4, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x[0, %lane, %i2] : tensor<1x16x5xi8>
  // CHECK: %y = affine_nest.for (%n, %ob, %h, %r, %ol_1) = (1, 1, 5, 4, 16) reduce (%ib, %k_1, %il_1) = (1, 3, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x_1[0, 0, %h + %k_1 - 1, %r, %il_1] pad 0 : tensor<1x1x5x4x16xi8>
  // CHECK: {{.+}} = affine_nest.load %y[0, 0, %i2_1, 0, %i1_1] : tensor<1x1x5x4x16xi8>

  // Every second column moves no whole vectors: the input is packed as it is read.
  func.func @strided(%x: tensor<16x8xi8>, %w: tensor<16x16xi8>) -> tensor<16x4xi8> {
    %y = affine_nest.for (%o, %h) = (16, 4) reduce (%i) = (16) {
      %a = affine_nest.load %x[%i, %h * 2] : tensor<16x8xi8>
      %v = affine_nest.load %w[%o, %i] : tensor<16x16xi8>
      %ae = arith.extsi %a : i8 to i32
      %ve = arith.extsi %v : i8 to i32
      %p = arith.muli %ae, %ve : i32
      %s = affine_nest.reduce add %p : i32
      %t = arith.trunci %s : i32 to i8
      affine_nest.yield %t : i8
    } attributes {lanes = #affine_nest.lanes<output o, batch h, input 0, weights second>} : tensor<16x4xi8>
    return %y : tensor<16x4xi8>
  }
  // CHECK-LABEL: func.func @strided(
  // CHECK: %x_1 = affine_nest.for (%hr, %il) = (4, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x[%il, %hr * 2] : tensor<16x8xi8>
  // CHECK: %y = affine_nest.for (%ob, %hb, %hr_1, %ol_1) = (1, 1, 4, 16) reduce (%ib, %il_2) = (1, 16) {
  // CHECK-NEXT: {{.+}} = affine_nest.load %x_1[%hr_1, %il_2] : tensor<4x16xi8>
}
