// RUN: nopt %s --split-input-file -p affine-nest-infer-layout | filecheck %s
// The machine decides: its batch and blocks, whether its ALU multiplies.

builtin.module attributes {isa.machine = {alu_multiply = 1, LOG_BLOCK = 3, LOG_INP_BUFF_SIZE = 14, LOG_WGT_BUFF_SIZE = 16, LOG_ACC_BUFF_SIZE = 16}} {
  func.func @multiply(%x: tensor<20xi8>) -> tensor<20xi8> {
    %y = affine_nest.for (%i) = (20) {
      %a = affine_nest.load %x[%i] : tensor<20xi8>
      %e = arith.extsi %a : i8 to i32
      %c = arith.constant 3 : i32
      %p = arith.muli %e, %c : i32
      %v = arith.trunci %p : i32 to i8
      affine_nest.yield %v : i8
    } : tensor<20xi8>
    return %y : tensor<20xi8>
  }
}
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<20xi8>

// -----

// Positions go through the rows of the batch, but not those along a window, whose halo would change lanes. The two nests
// agree, so their input is packed once.
builtin.module attributes {isa.machine = {LOG_BATCH = 2, LOG_INP_BUFF_SIZE = 17, LOG_WGT_BUFF_SIZE = 18, LOG_ACC_BUFF_SIZE = 19}} {
  func.func @batch(%x: tensor<1x16x8x8xi8>, %w: tensor<16x16xi8>, %v: tensor<16x16x3xi8>) -> (tensor<1x16x8x8xi8>, tensor<1x16x8x8xi8>) {
    %point = affine_nest.for (%n, %c, %h, %p) = (1, 16, 8, 8) reduce (%i) = (16) {
      %a = affine_nest.load %x[0, %i, %h, %p] : tensor<1x16x8x8xi8>
      %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
      %ae = arith.extsi %a : i8 to i32
      %be = arith.extsi %b : i8 to i32
      %m = arith.muli %ae, %be : i32
      %s = affine_nest.reduce add %m : i32
      %t = arith.trunci %s : i32 to i8
      affine_nest.yield %t : i8
    } : tensor<1x16x8x8xi8>
    // CHECK: lanes = #affine_nest.lanes<output c, batch p, input 1, weights second>
    %window = affine_nest.for (%n, %c, %h, %p) = (1, 16, 8, 8) reduce (%i, %k) = (16, 3) {
      %a = affine_nest.load %x[0, %i, %h + %k - 1, %p] pad 0 : tensor<1x16x8x8xi8>
      %b = affine_nest.load %v[%c, %i, %k] : tensor<16x16x3xi8>
      %ae = arith.extsi %a : i8 to i32
      %be = arith.extsi %b : i8 to i32
      %m = arith.muli %ae, %be : i32
      %s = affine_nest.reduce add %m : i32
      %t = arith.trunci %s : i32 to i8
      affine_nest.yield %t : i8
    } : tensor<1x16x8x8xi8>
    // CHECK: lanes = #affine_nest.lanes<output c, batch p, input 1, weights second>
    return %point, %window : tensor<1x16x8x8xi8>, tensor<1x16x8x8xi8>
  }
}

// -----

builtin.module attributes {isa.machine = {LOG_BLOCK = 0, LOG_INP_BUFF_SIZE = 10, LOG_WGT_BUFF_SIZE = 10, LOG_ACC_BUFF_SIZE = 12}} {
  func.func @one_lane(%x: tensor<20xi8>) -> tensor<20xi8> {
    %y = affine_nest.for (%i) = (20) {
      %a = affine_nest.load %x[%i] : tensor<20xi8>
      affine_nest.yield %a : i8
    } : tensor<20xi8>
    return %y : tensor<20xi8>
  }
}
// CHECK: } attributes {lanes = #affine_nest.lanes<output i>} : tensor<20xi8>
