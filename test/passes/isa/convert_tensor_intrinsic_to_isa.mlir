// RUN: nopt %s -p convert-tensor-intrinsic-to-isa --split-input-file | filecheck %s
// Buffers get addresses; windows become rows and columns, boxes hardware loops and micro-ops.

// Buffers lie one after the other in their scratchpad, slots included.
func.func @buffers(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>) -> tensor<8x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x, %wm = %w) to (%ym) : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi8> attributes {represents = {tensor = "y", scale = 0.5 : f32}} {
    %a = tensor_intrinsic.alloc : memref<2x4x16xi32, #tensor_intrinsic<memory acc>>
    %b = tensor_intrinsic.alloc : memref<1x8x16xi8, #tensor_intrinsic<memory inp>>
    %c = tensor_intrinsic.alloc : memref<2x4x16xi8, #tensor_intrinsic<memory inp>>
    %d = tensor_intrinsic.alloc : memref<1x16xi32, #tensor_intrinsic<memory acc>>
    affine.for %i = 0 to 2 {
      tensor_intrinsic.load %xm[%i * 4] to %c[%i] sizes [4] : memref<8x16xi8>, memref<2x4x16xi8, #tensor_intrinsic<memory inp>>
      tensor_intrinsic.reset [4] %a[%i, d0] : memref<2x4x16xi32, #tensor_intrinsic<memory acc>>
      tensor_intrinsic.alu add [4] %a[%i, d0], %d[0] : memref<2x4x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi32, #tensor_intrinsic<memory acc>>
      tensor_intrinsic.store %a[%i] to %ym[%i * 4] sizes [4] : memref<2x4x16xi32, #tensor_intrinsic<memory acc>>, memref<8x16xi8>
    }
  }
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @buffers(
// CHECK-NEXT: %y = isa.kernel (%xm = %x, %wm = %w) to (%ym) : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi8> attributes {represents = {tensor = "y", scale = 5.000000e-01 : f32}} {
// CHECK-NEXT: affine.for %i = 0 to 2 {
// CHECK-NEXT: isa.load inp[%i * 4 + 8] from %xm[0] rows 0 size 1 of 1 stride 1 columns %i * 4 size 4 of 8 pitch 4
// CHECK-NEXT: isa.reset acc[%i * 4] outer 1 by (0) inner 4 by (1)
// CHECK-NEXT: isa.alu add acc[%i * 4], acc[8] outer 1 by (0, 0) inner 4 by (1, 0)
// CHECK-NEXT: isa.store %ym[%i * 4] from out[%i * 4] rows 1 stride 1 columns 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<8x16xi8>

// -----

// Windows. Whole inner dimensions merge with the next outer one: 4 x 10 x 10 is one run of 200 for two
// of four. Else the innermost dimension is columns and the next one rows, padded where they leave the
// tensor; every second row is a step; a third dimension is a loop.
func.func @windows(%x: tensor<4x10x10x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x10x10x16xi8>) -> tensor<1x16xi8> {
    %whole = tensor_intrinsic.alloc : memref<1x2x10x10x16xi8, #tensor_intrinsic<memory inp>>
    %halo = tensor_intrinsic.alloc : memref<1x1x6x12x16xi8, #tensor_intrinsic<memory inp>>
    %steps = tensor_intrinsic.alloc : memref<1x1x5x10x16xi8, #tensor_intrinsic<memory inp>>
    %box = tensor_intrinsic.alloc : memref<1x2x3x4x16xi8, #tensor_intrinsic<memory inp>>
    affine.for %i = 0 to 2 {
      tensor_intrinsic.load %xm[%i * 2, 0, 0] to %whole[0] sizes [2, 10, 10] : memref<4x10x10x16xi8>, memref<1x2x10x10x16xi8, #tensor_intrinsic<memory inp>>
      tensor_intrinsic.load %xm[%i, %i * 4 - 1, -1] to %halo[0] sizes [1, 6, 12] : memref<4x10x10x16xi8>, memref<1x1x6x12x16xi8, #tensor_intrinsic<memory inp>>
      tensor_intrinsic.load %xm[3, %i, 0] to %steps[0] sizes [1, 5, 10] steps [1, 2, 1] : memref<4x10x10x16xi8>, memref<1x1x5x10x16xi8, #tensor_intrinsic<memory inp>>
      tensor_intrinsic.load %xm[%i, 7, 2] to %box[0] sizes [2, 3, 4] : memref<4x10x10x16xi8>, memref<1x2x3x4x16xi8, #tensor_intrinsic<memory inp>>
    }
  }
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @windows(
// CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym) : (tensor<4x10x10x16xi8>) -> tensor<1x16xi8> {
// CHECK-NEXT: affine.for %i = 0 to 2 {
// CHECK-NEXT: isa.load inp[0] from %xm[0] rows 0 size 1 of 1 stride 1 columns %i * 200 size 200 of 400 pitch 200
// CHECK-NEXT: isa.load inp[200] from %xm[%i * 100] rows %i * 4 - 1 size 6 of 10 stride 10 columns -1 size 12 of 10 pitch 12
// CHECK-NEXT: isa.load inp[272] from %xm[300] rows %i size 5 of 10 stride 10 step 2 columns 0 size 10 of 10 pitch 10
// CHECK-NEXT: affine.for %j = 0 to 2 {
// CHECK-NEXT: isa.load inp[%j * 12 + 322] from %xm[%i * 100 + %j * 100] rows 7 size 3 of 10 stride 10 columns 2 size 4 of 10 pitch 4
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<1x16xi8>

// -----

// The last tile is smaller. A load pads its short rows to the buffer's pitch, while a store cannot
// skip what is between short rows: they go one by one.
func.func @partial(%x: tensor<10x10x16xi8>) -> tensor<10x10x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<10x10x16xi8>) -> tensor<10x10x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<1x4x4x16xi8, #tensor_intrinsic<memory inp>>
    %acc = tensor_intrinsic.alloc : memref<1x4x4x16xi32, #tensor_intrinsic<memory acc>>
    affine.for %i = 0 to 3 {
      affine.for %j = 0 to 3 {
        tensor_intrinsic.load %xm[%i * 4, %j * 4] to %inp[0] sizes [min(4, %i * -4 + 10), min(4, %j * -4 + 10)] : memref<10x10x16xi8>, memref<1x4x4x16xi8, #tensor_intrinsic<memory inp>>
        tensor_intrinsic.alu max [min(4, %i * -4 + 10), min(4, %j * -4 + 10)] %acc[0, d0, d1], 0 : memref<1x4x4x16xi32, #tensor_intrinsic<memory acc>>
        tensor_intrinsic.store %acc[0] to %ym[%i * 4, %j * 4] sizes [min(4, %i * -4 + 10), min(4, %j * -4 + 10)] : memref<1x4x4x16xi32, #tensor_intrinsic<memory acc>>, memref<10x10x16xi8>
      }
    }
  }
  return %y : tensor<10x10x16xi8>
}
// CHECK-LABEL: func.func @partial(
// CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym) : (tensor<10x10x16xi8>) -> tensor<10x10x16xi8> {
// CHECK-NEXT: affine.for %i = 0 to 3 {
// CHECK-NEXT: affine.for %j = 0 to 3 {
// CHECK-NEXT: isa.load inp[0] from %xm[0] rows %i * 4 size min(4, %i * -4 + 10) of 10 stride 10 columns %j * 4 size min(4, %j * -4 + 10) of 10 pitch 4
// CHECK-NEXT: isa.alu max acc[0], 0 outer min(4, %i * -4 + 10) by (4) inner min(4, %j * -4 + 10) by (1)
// CHECK-NEXT: affine.for %j_1 = 0 to min affine_map<()[s0, s1] -> (4, ((s0 * -4) + 10))>()[%i, %j] {
// CHECK-NEXT: isa.store %ym[%i * 40 + %j_1 * 10 + %j * 4] from out[%j_1 * 4] rows 1 stride 1 columns min(4, %j * -4 + 10)
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<10x10x16xi8>

// -----

// Rows that would need more than 15 elements of padding to reach the buffer's pitch go one by one.
func.func @short_rows(%x: tensor<10x30x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<10x30x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<1x3x25x16xi8, #tensor_intrinsic<memory inp>>
    affine.for %j = 0 to 2 {
      tensor_intrinsic.load %xm[%j - 1, %j * 25] to %inp[0] sizes [3, min(25, %j * -25 + 30)] : memref<10x30x16xi8>, memref<1x3x25x16xi8, #tensor_intrinsic<memory inp>>
    }
  }
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @short_rows(
// CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym) : (tensor<10x30x16xi8>) -> tensor<1x16xi8> {
// CHECK-NEXT: affine.for %j = 0 to 2 {
// CHECK-NEXT: affine.for %j_1 = 0 to 3 {
// CHECK-NEXT: isa.load inp[%j_1 * 25] from %xm[0] rows %j + %j_1 - 1 size 1 of 10 stride 30 columns %j * 25 size min(25, %j * -25 + 30) of 30 pitch 25
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<1x16xi8>

// -----

// Boxes. Dimensions that step as one longer loop merge; the largest two are the hardware's loops, in
// the box's order; the rest is enumerated in micro-ops. Varying sizes are hardware loops.
func.func @boxes(%x: tensor<1x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<1x16xi8>) -> tensor<1x16xi8> {
    %acc = tensor_intrinsic.alloc : memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>
    %inp = tensor_intrinsic.alloc : memref<1x10x12x16xi8, #tensor_intrinsic<memory inp>>
    %wgt = tensor_intrinsic.alloc : memref<1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
    affine.for %i = 0 to 2 {
      tensor_intrinsic.reset [8, 10] %acc[%i, d0, d1] : memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>
      tensor_intrinsic.gemm [8, 10, 3, 3] %acc[%i, d0, d1] += %inp[0, d0 + d2, d1 + d3] * %wgt[0, d2, d3] : memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>, memref<1x10x12x16xi8, #tensor_intrinsic<memory inp>>, memref<1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
      tensor_intrinsic.alu add [4, 5] %acc[0, d0, d1], %acc[1, d0 * 2, d1 * 2] : memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>, memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>
      tensor_intrinsic.gemm [min(3, %i * -3 + 5), 4, 3] %acc[0, 0, d0] += %inp[0, d1, d2] * %wgt[0, d2, 0] : memref<2x8x10x16xi32, #tensor_intrinsic<memory acc>>, memref<1x10x12x16xi8, #tensor_intrinsic<memory inp>>, memref<1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
    }
  }
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @boxes(
// CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym) : (tensor<1x16xi8>) -> tensor<1x16xi8> {
// CHECK-NEXT: affine.for %i = 0 to 2 {
// CHECK-NEXT: isa.reset acc[%i * 80] outer 1 by (0) inner 80 by (1)
// CHECK-NEXT: isa.gemm acc[%i * 80] inp[0] wgt[0] outer 8 by (10, 12, 0) inner 10 by (1, 1, 0) uops [3 by (0, 12, 3), 3 by (0, 1, 1)]
// CHECK-NEXT: isa.alu add acc[0], acc[80] outer 4 by (10, 20) inner 5 by (1, 2)
// CHECK-NEXT: isa.gemm acc[0] inp[0] wgt[0] outer min(3, %i * -3 + 5) by (1, 0, 0) inner 4 by (0, 12, 0) uops [3 by (0, 1, 3)]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<1x16xi8>

// -----

// More than 256 micro-ops, or three varying sizes: a loop around the instruction, over the smallest.
func.func @loops_around(%x: tensor<1x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<1x16xi8>) -> tensor<1x16xi8> {
    %acc = tensor_intrinsic.alloc : memref<1x20x16xi32, #tensor_intrinsic<memory acc>>
    %inp = tensor_intrinsic.alloc : memref<1x38x38x16xi8, #tensor_intrinsic<memory inp>>
    %wgt = tensor_intrinsic.alloc : memref<1x19x18x16x16xi8, #tensor_intrinsic<memory wgt>>
    tensor_intrinsic.gemm [20, 17, 19, 18] %acc[0, d0] += %inp[0, d0 + d2, d1 + d3] * %wgt[0, d2, d3] : memref<1x20x16xi32, #tensor_intrinsic<memory acc>>, memref<1x38x38x16xi8, #tensor_intrinsic<memory inp>>, memref<1x19x18x16x16xi8, #tensor_intrinsic<memory wgt>>
    affine.for %i = 0 to 2 {
      tensor_intrinsic.gemm [min(2, %i * -2 + 3), min(4, %i * -4 + 5), min(3, %i * -3 + 4)] %acc[0, d0] += %inp[0, d0 + d1, d2] * %wgt[0, d1, d2] : memref<1x20x16xi32, #tensor_intrinsic<memory acc>>, memref<1x38x38x16xi8, #tensor_intrinsic<memory inp>>, memref<1x19x18x16x16xi8, #tensor_intrinsic<memory wgt>>
    }
  }
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @loops_around(
// CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym) : (tensor<1x16xi8>) -> tensor<1x16xi8> {
// CHECK-NEXT: affine.for %j = 0 to 17 {
// CHECK-NEXT: isa.gemm acc[0] inp[%j] wgt[0] outer 20 by (1, 38, 0) inner 19 by (0, 38, 18) uops [18 by (0, 1, 1)]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %i = 0 to 2 {
// CHECK-NEXT: affine.for %j_1 = 0 to min affine_map<()[s0] -> (2, ((s0 * -2) + 3))>()[%i] {
// CHECK-NEXT: isa.gemm acc[%j_1] inp[%j_1 * 38] wgt[0] outer min(4, %i * -4 + 5) by (0, 38, 18) inner min(3, %i * -3 + 4) by (0, 1, 1)
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<1x16xi8>

// -----

// A kernel lies beside the one before it, where there is room for both: its first loads need not wait
// until that has read what it needs.
func.func @beside(%x: tensor<1024x16xi8>) -> (tensor<1x16xi8>, tensor<1x16xi8>, tensor<1x16xi8>) {
  %a = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<1024x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<1x1024x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[0] to %inp[0] sizes [1024] : memref<1024x16xi8>, memref<1x1024x16xi8, #tensor_intrinsic<memory inp>>
  }
  %b = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<1024x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<1x1000x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[0] to %inp[0] sizes [1000] : memref<1024x16xi8>, memref<1x1000x16xi8, #tensor_intrinsic<memory inp>>
  }
  %c = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<1024x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<2x1024x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[0] to %inp[0] sizes [1024] : memref<1024x16xi8>, memref<2x1024x16xi8, #tensor_intrinsic<memory inp>>
  }
  return %a, %b, %c : tensor<1x16xi8>, tensor<1x16xi8>, tensor<1x16xi8>
}
// CHECK-LABEL: func.func @beside(
// CHECK: isa.load inp[0]
// CHECK: isa.load inp[1048]
// CHECK: isa.load inp[0]

// -----

// Every second element of the innermost dimension: no columns, which are neighbours, but rows of one.
func.func @innermost_steps(%x: tensor<9x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<9x16xi8>) -> tensor<1x16xi8> {
    %steps = tensor_intrinsic.alloc : memref<1x5x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[0] to %steps[0] sizes [5] steps [2] : memref<9x16xi8>, memref<1x5x16xi8, #tensor_intrinsic<memory inp>>
  }
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @innermost_steps(
// CHECK: isa.load inp[0] from %xm[0] rows 0 size 5 of 9 stride 1 step 2 columns 0 size 1 of 1 pitch 1

// -----

// Rows that lie further apart than an instruction can say go one by one.
func.func @far_rows(%x: tensor<3x70000x16xi8>) -> tensor<3x70000x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<3x70000x16xi8>) -> tensor<3x70000x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<1x3x8x16xi8, #tensor_intrinsic<memory inp>>
    %acc = tensor_intrinsic.alloc : memref<1x3x8x16xi32, #tensor_intrinsic<memory acc>>
    tensor_intrinsic.load %xm[0, 100] to %inp[0] sizes [3, 8] : memref<3x70000x16xi8>, memref<1x3x8x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.store %acc[0] to %ym[0, 100] sizes [3, 8] : memref<1x3x8x16xi32, #tensor_intrinsic<memory acc>>, memref<3x70000x16xi8>
  }
  return %y : tensor<3x70000x16xi8>
}
// CHECK-LABEL: func.func @far_rows(
// CHECK: affine.for %[[LOAD:[a-z]+]] = 0 to 3 {
// CHECK-NEXT: isa.load inp[%[[LOAD]] * 8] from %xm[0] rows %[[LOAD]] size 1 of 3 stride 70000 columns 100 size 8 of 70000 pitch 8
// CHECK: affine.for %[[STORE:[a-z0-9_]+]] = 0 to 3 {
// CHECK-NEXT: isa.store %ym[%[[STORE]] * 70000 + 100] from out[%[[STORE]] * 8] rows 1 stride 1 columns 8
