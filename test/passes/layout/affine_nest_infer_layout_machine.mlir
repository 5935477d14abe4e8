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

builtin.module attributes {isa.machine = {LOG_BATCH = 1, LOG_INP_BUFF_SIZE = 14, LOG_WGT_BUFF_SIZE = 17, LOG_ACC_BUFF_SIZE = 16}} {
  func.func @batch(%x: tensor<20xi8>) -> tensor<20xi8> {
    %y = affine_nest.for (%i) = (20) {
      %a = affine_nest.load %x[%i] : tensor<20xi8>
      affine_nest.yield %a : i8
    } : tensor<20xi8>
    return %y : tensor<20xi8>
  }
}
// CHECK: } attributes {placement = "host", host_reason = "what runs on the core is compiled for batch 1 and square blocks of 2 lanes or more"} : tensor<20xi8>

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
// CHECK: } attributes {placement = "host", host_reason = "what runs on the core is compiled for batch 1 and square blocks of 2 lanes or more"} : tensor<20xi8>
