// RUN: VERIFY_DIAG
// Every rule of the verifiers, op by op.

func.func @f(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = "tensor_intrinsic.kernel"(%x) <{operandSegmentSizes = array<i32: 1, 0>}> ({
  ^bb0(%xm: memref<4x16xi8>):
  }) : (tensor<4x16xi8>) -> tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK: error: 'tensor_intrinsic.kernel' op the body has 1 arguments, expected one for each of the 2 tensors

// -----

func.func @f(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x16xi8>) -> tensor<4x16xi8> {
    affine.for %i = 1 to 4 {
    }
  }
  return %y : tensor<4x16xi8>
}
// CHECK: error: 'tensor_intrinsic.kernel' op a loop runs from () -> (1) to () -> (4) step 1, expected from 0 to a number, or the least of it and others

// -----

func.func @f(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x16xi8>) -> tensor<4x16xi8> {
    affine.for %i = 0 to 4 step 2 {
    }
  }
  return %y : tensor<4x16xi8>
}
// CHECK: error: 'tensor_intrinsic.kernel' op a loop runs from () -> (0) to () -> (4) step 2, expected from 0 to a number, or the least of it and others

// -----

%b = tensor_intrinsic.alloc : memref<1x16xi8>
// CHECK: error: 'tensor_intrinsic.alloc' op a buffer lies in memory space inp, wgt or acc, found none

// -----

%b = tensor_intrinsic.alloc : memref<1x16xi8, 3 : i32>
// CHECK: error: 'tensor_intrinsic.alloc' op expected a scratchpad or no memory space, found 3 : i32

// -----

%b = tensor_intrinsic.alloc : memref<16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK: error: 'tensor_intrinsic.alloc' op expected slots and lanes, found memref<16x16xi8, #tensor_intrinsic<memory wgt>>

// -----

%b = tensor_intrinsic.alloc : memref<1x16xi8, #tensor_intrinsic<memory acc>>
// CHECK: error: 'tensor_intrinsic.alloc' op expected elements of type i32, found memref<1x16xi8, #tensor_intrinsic<memory acc>>

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8>) {
  tensor_intrinsic.load %x[0] to %b[0] sizes [4] : memref<4x16xi8>, memref<1x4x16xi8>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'buffer' lies in DRAM, expected a scratchpad

// -----

func.func @f(%x: memref<4x4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0, 0] to %b[0] sizes [4] : memref<4x4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'source' has rank 3, expected 2 for the buffer

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0] to %b[0] sizes [2, 2] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op expected 1 sizes and steps

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0] to %b[0] sizes [4] steps [0] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op found steps [0], expected 1 or more

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0, 0] to %b[0] sizes [4] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'offsets' has 2 indices, expected 1

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[d0] to %b[0] sizes [4] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'offsets' has 1 dimensions and 0 symbols, expected 0 and the 0 loop variables

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[0] to %b[0] sizes [d0] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'sizes' has 1 dimensions and 0 symbols, expected 0 and the 0 loop variables

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>, %i: index) {
  "tensor_intrinsic.load"(%x, %b, %i) <{offsets = affine_map<() -> (0)>, slot = affine_map<()[s0] -> (0)>, sizes = [affine_map<()[s0] -> (4)>], steps = array<i64: 1>}> : (memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>, index) -> ()
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'offsets' has 0 dimensions and 0 symbols, expected 0 and the 1 loop variables

// -----

func.func @f(%b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>, %y: memref<4x16xi8>) {
  tensor_intrinsic.store %b[0] to %y[0] sizes [4] : memref<1x4x16xi8, #tensor_intrinsic<memory inp>>, memref<4x16xi8>
  return
}
// CHECK: error: 'tensor_intrinsic.store' op 'buffer' lies in inp, expected acc

// -----

func.func @f(%b: memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, %y: memref<4x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.store %b[0] to %y[0] sizes [4] : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, memref<4x16xi32, #tensor_intrinsic<memory acc>>
  return
}
// CHECK: error: 'tensor_intrinsic.store' op 'destination' lies in acc, expected DRAM

// -----

func.func @f(%b: memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, %y: memref<2x4x16xi8>) {
  tensor_intrinsic.store %b[0] to %y[0, 0] sizes [4] : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, memref<2x4x16xi8>
  return
}
// CHECK: error: 'tensor_intrinsic.store' op expected a destination and sizes of rank 1

// -----

func.func @f(%b: memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, %y: memref<4x16xi8>) {
  tensor_intrinsic.store %b[0, 0, 0] to %y[0] sizes [4] : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>, memref<4x16xi8>
  return
}
// CHECK: error: 'tensor_intrinsic.store' op 'slot' has 3 indices, expected 2

// -----

func.func @f(%a: memref<1x4x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.reset [4] %a[0, d1] : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>
  return
}
// CHECK: error: 'tensor_intrinsic.reset' op 'acc' has 2 dimensions and 0 symbols, expected 1 and the 0 loop variables

// -----

func.func @f(%a: memref<1x4x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.reset [4] %a[d0] : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>
  return
}
// CHECK: error: 'tensor_intrinsic.reset' op 'acc' has 1 indices, expected 2

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>, %i: memref<1x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.gemm [] %a[0] += %i[0] * %i[0] : memref<1x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi8, #tensor_intrinsic<memory inp>>, memref<1x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.gemm' op 'wgt' lies in inp, expected wgt

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>, %i: memref<1x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.alu add [] %a[0], %i[0] : memref<1x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.alu' op 'other' lies in inp, expected acc

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>) {
  tensor_intrinsic.alu add [] %a[0], 32768 : memref<1x16xi32, #tensor_intrinsic<memory acc>>
  return
}
// CHECK: error: 'tensor_intrinsic.alu' op immediate is 32768, expected a signed 16-bit number

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>) {
  "tensor_intrinsic.alu"(%a) <{kind = #tensor_intrinsic<alu_kind add>, sizes = [], acc_map = affine_map<() -> (0)>, operandSegmentSizes = array<i32: 1, 0, 0>}> : (memref<1x16xi32, #tensor_intrinsic<memory acc>>) -> ()
  return
}
// CHECK: error: 'tensor_intrinsic.alu' op expected either another accumulator or an immediate

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>) {
  "tensor_intrinsic.alu"(%a, %a) <{kind = #tensor_intrinsic<alu_kind add>, sizes = [], acc_map = affine_map<() -> (0)>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (memref<1x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi32, #tensor_intrinsic<memory acc>>) -> ()
  return
}
// CHECK: error: 'tensor_intrinsic.alu' op expected a map for 'other'

// -----

func.func @f(%x: tensor<4x16xi8>) -> tensor<9x16xi8> {
  %y = "tensor_intrinsic.kernel"(%x, %x) <{operandSegmentSizes = array<i32: 1, 1>}> ({
  ^bb0(%xm: memref<4x16xi8>, %ym: memref<9x16xi8>):
  }) : (tensor<4x16xi8>, tensor<4x16xi8>) -> tensor<9x16xi8>
  return %y : tensor<9x16xi8>
}
// CHECK: error: 'tensor_intrinsic.kernel' op destination has type tensor<4x16xi8>, expected tensor<9x16xi8> as the result

// -----

func.func @f(%x: memref<4x16xi8>, %b: memref<1x4x16xi8, #tensor_intrinsic<memory inp>>) {
  tensor_intrinsic.load %x[18446744073709551616] to %b[0] sizes [4] : memref<4x16xi8>, memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
  return
}
// CHECK: error: 'tensor_intrinsic.load' op 'offsets': a part of it may be 18446744073709551616, expected at most 2147483648

// -----

func.func @f(%a: memref<1x16xi32, #tensor_intrinsic<memory acc>>, %i: memref<1x64xi8, #tensor_intrinsic<memory inp>>, %w: memref<1x16x16xi8, #tensor_intrinsic<memory wgt>>) {
  tensor_intrinsic.gemm [] %a[0] += %i[0] * %w[0] : memref<1x16xi32, #tensor_intrinsic<memory acc>>, memref<1x64xi8, #tensor_intrinsic<memory inp>>, memref<1x16x16xi8, #tensor_intrinsic<memory wgt>>
  return
}
// CHECK: error: 'tensor_intrinsic.gemm' op found lanes 16 += 64 * 16 by 16, expected as many rows of a batch in accumulators as in inputs
