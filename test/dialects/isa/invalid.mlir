// RUN: VERIFY_DIAG
// Every rule of the verifiers, instruction by instruction.

func.func @f(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = "isa.kernel"(%x) <{operandSegmentSizes = array<i32: 1, 0>}> ({
  ^bb0(%xm: memref<4x16xi8>, %ym: memref<4x16xi32>):
  }) : (tensor<4x16xi8>) -> tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK: error: 'isa.kernel' op the body has memref<4x16xi32> for tensor<4x16xi8>, expected memref<4x16xi8> or another shape of as many elements

// -----

func.func @f(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = isa.kernel (%xm = %x) to (%ym) : (tensor<4x16xi8>) -> tensor<4x16xi8> {
    affine.for %i = 0 to 4 {
      affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      }
    }
  }
  return %y : tensor<4x16xi8>
}
// CHECK: error: 'isa.kernel' op a loop runs from () -> (0) to (d0) -> (d0) step 1, expected from 0 to a number, or the least of it and others

// -----

func.func @f(%x: memref<4x16xi8, #tensor_intrinsic<memory inp>>) {
  isa.load inp[0] from %x[0] rows 0 size 1 of 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'isa.load' op expected a memref in DRAM, found memref<4x16xi8, #tensor_intrinsic<memory inp>>

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[0] from %x[0] rows 0 size 1 of 1 stride 1 step 0 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: error: 'isa.load' op expected positive row bound, stride and step, column bound and pitch, found [1, 1, 0, 4, 4]

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[0] from %x[0] rows d1 size 1 of 1 stride 1 columns 0 size 4 of 4 pitch 4 : memref<4x16xi8>
  return
}
// CHECK: error: 'isa.load' op 'row_offset' has 2 dimensions and 0 symbols, expected 0 and the 0 loop variables

// -----

func.func @f(%y: memref<4x16xi8, #tensor_intrinsic<memory inp>>) {
  isa.store %y[0] from out[0] rows 1 stride 1 columns 4 : memref<4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'isa.store' op expected a memref in DRAM, found memref<4x16xi8, #tensor_intrinsic<memory inp>>

// -----

func.func @f(%y: memref<4x16xi8>, %i: index) {
  "isa.store"(%y, %i) <{sram = affine_map<() -> (0)>, base = affine_map<()[s0] -> (0)>, rows = affine_map<()[s0] -> (1)>, columns = affine_map<()[s0] -> (4)>, stride = 1 : i64}> : (memref<4x16xi8>, index) -> ()
  return
}
// CHECK: error: 'isa.store' op 'sram' has 0 dimensions and 0 symbols, expected 0 and the 1 loop variables

// -----

"isa.gemm"() <{bases = affine_map<() -> (0, 0)>, outer_size = affine_map<() -> (1)>, inner_size = affine_map<() -> (9)>, outer = array<i64: 0, 0, 0>, inner = array<i64: 1, 1, 0>, uop_sizes = array<i64>, uop_factors = []}> : () -> ()
// CHECK: error: 'isa.gemm' op expected 3 addresses, found 2

// -----

isa.gemm acc[0] inp[0] wgt[0] outer 1 by (0, 0, 0) inner 4 by (1, 1)
// CHECK: error: 'isa.gemm' op expected a stride for each of 3 addresses, found [1, 1]

// -----

isa.gemm acc[0] inp[0] wgt[0] outer 1 by (0, 0, 0) inner 4 by (1, 1, 0) uops [0 by (1, 1, 1)]
// CHECK: error: 'isa.gemm' op micro-op sizes must be positive, found [0]

// -----

"isa.reset"() <{bases = affine_map<() -> (0)>, outer_size = affine_map<() -> (1)>, inner_size = affine_map<() -> (9)>, outer = array<i64: 0>, inner = array<i64: 1>, uop_sizes = array<i64: 2>, uop_factors = []}> : () -> ()
// CHECK: error: 'isa.reset' op expected as many micro-op sizes as strides

// -----

isa.reset acc[d0] outer 1 by (0) inner 4 by (1)
// CHECK: error: 'isa.reset' op 'bases' has 1 dimensions and 0 symbols, expected 0 and the 0 loop variables

// -----

isa.alu add acc[0], acc[0] outer 1 by (0) inner 4 by (1)
// CHECK: error: 'isa.alu' op expected a stride for each of 2 addresses, found [0]

// -----

isa.alu add acc[0], -32769 outer 1 by (0) inner 4 by (1)
// CHECK: error: 'isa.alu' op immediate is -32769, expected a signed 16-bit number

// -----

func.func @f(%x: tensor<4x16xi8>) -> tensor<9x16xi8> {
  %y = "isa.kernel"(%x, %x) <{operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%xm: memref<4x16xi8>, %ym: memref<9x16xi8>):
  }) : (tensor<4x16xi8>, tensor<4x16xi8>) -> tensor<9x16xi8>
  return %y : tensor<9x16xi8>
}
// CHECK: error: 'isa.kernel' op destination has type tensor<4x16xi8>, expected tensor<9x16xi8> as the result

// -----

func.func @f(%x: memref<4x16xi8>) {
  isa.load inp[0] from %x[0] rows 18446744073709551616 size 1 of 1 stride 1 columns 0 size 1 of 1 pitch 1 : memref<4x16xi8>
  return
}
// CHECK: error: 'isa.load' op 'row_offset': a part of it may be 18446744073709551616, expected at most 2147483648
