// RUN: nopt %s -p convert-affine-nest-to-tensor-intrinsic --split-input-file | filecheck %s
// Scheduled nests become kernels of tiles. Schedules are pinned here: how they are chosen is another pass.

// A convolution: tiles of 4 rows share a halo of 2 with their neighbours and are loaded into
// alternating slots; the weights are loaded once; the result alternates too, so that stores overlap.
func.func @halo(%x: tensor<12x10x16xi8>, %w: tensor<3x3x16x16xi8>) -> tensor<12x10x16xi8> {
  %y = affine_nest.for (%h, %v, %c) = (12, 10, 16) reduce (%kh, %kw, %i) = (3, 3, 16) {
    %a = affine_nest.load %x[%h + %kh - 1, %v + %kw - 1, %i] pad 0 : tensor<12x10x16xi8>
    %b = affine_nest.load %w[%kh, %kw, %c, %i] : tensor<3x3x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %zero = arith.constant 0 : i32
    %r = arith.maxsi %s, %zero : i32
    %shift = arith.constant 8 : i32
    %t = arith.shrsi %r, %shift : i32
    %u = arith.trunci %t : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4, 10, 3, 3] order [0, 1] inp 2 wgt 1 acc 2>} : tensor<12x10x16xi8>
  return %y : tensor<12x10x16xi8>
}
// CHECK-LABEL: func.func @halo(
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w) to (%y_mem) : (tensor<12x10x16xi8>, tensor<3x3x16x16xi8>) -> tensor<12x10x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<2x4x10x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<2x6x12x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: tensor_intrinsic.load %w_mem[0, 0] to %wgt[0] sizes [3, 3]
// CHECK-NEXT: affine.for %h = 0 to 3 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%h * 4 - 1, -1] to %inp[%h mod 2] sizes [6, 12]
// CHECK-NEXT: tensor_intrinsic.reset [4, 10] %acc[%h mod 2, d0, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [4, 10, 3, 3] %acc[%h mod 2, d0, d1] += %inp[%h mod 2, d0 + d2, d1 + d3] * %wgt[0, d2, d3]
// CHECK-NEXT: tensor_intrinsic.alu max [4, 10] %acc[%h mod 2, d0, d1], 0
// CHECK-NEXT: tensor_intrinsic.alu shr [4, 10] %acc[%h mod 2, d0, d1], 8
// CHECK-NEXT: tensor_intrinsic.store %acc[%h mod 2] to %y_mem[%h * 4, 0] sizes [4, 10]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<12x10x16xi8>

// -----

// A reduction in two chunks: each adds to the tile's accumulators, which are reset before the first.
func.func @chunks(%x: tensor<8x6x16xi8>, %w: tensor<2x6x16x16xi8>) -> tensor<8x2x16xi8> {
  %y = affine_nest.for (%m, %n, %c) = (8, 2, 16) reduce (%k, %i) = (6, 16) {
    %a = affine_nest.load %x[%m, %k, %i] : tensor<8x6x16xi8>
    %b = affine_nest.load %w[%n, %k, %c, %i] : tensor<2x6x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [8, 1, 3] order [0, 1] inp 2 wgt 2 acc 1>} : tensor<8x2x16xi8>
  return %y : tensor<8x2x16xi8>
}
// CHECK-LABEL: func.func @chunks(
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w) to (%y_mem) : (tensor<8x6x16xi8>, tensor<2x6x16x16xi8>) -> tensor<8x2x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<1x8x1x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<2x8x3x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<2x1x3x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: affine.for %n = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.reset [8] %acc[0, d0, 0]
// CHECK-NEXT: affine.for %k = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%n, %k * 3] to %wgt[%k] sizes [1, 3]
// CHECK-NEXT: tensor_intrinsic.load %x_mem[0, %k * 3] to %inp[%k] sizes [8, 3]
// CHECK-NEXT: tensor_intrinsic.gemm [8, 3] %acc[0, d0, 0] += %inp[%k, d0, d1] * %wgt[%k, 0, d1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[0, %n] sizes [8, 1]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<8x2x16xi8>

// -----

// The input is kept for all columns: each chunk of it is loaded with the first. The weights that a
// turn of the outer loop needs are kept for its rows, in one of two slots of two chunks.
func.func @kept(%x: tensor<8x6x16xi8>, %w: tensor<2x6x16x16xi8>) -> tensor<8x2x16xi8> {
  %y = affine_nest.for (%m, %n, %c) = (8, 2, 16) reduce (%k, %i) = (6, 16) {
    %a = affine_nest.load %x[%m, %k, %i] : tensor<8x6x16xi8>
    %b = affine_nest.load %w[%n, %k, %c, %i] : tensor<2x6x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4, 1, 3] order [1, 0] inp 2 within 0 wgt 2 within 1 acc 1>} : tensor<8x2x16xi8>
  return %y : tensor<8x2x16xi8>
}
// CHECK-LABEL: func.func @kept(
// CHECK: %inp = tensor_intrinsic.alloc : memref<4x4x3x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<4x1x3x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: affine.for %n = 0 to 2 {
// CHECK-NEXT: affine.for %m = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.reset [4] %acc[0, d0, 0]
// CHECK-NEXT: affine.for %k = 0 to 2 {
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%m] {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%n, %k * 3] to %wgt[%n * 2 + %k] sizes [1, 3]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%n] {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%m * 4, %k * 3] to %inp[%m * 2 + %k] sizes [4, 3]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.gemm [4, 3] %acc[0, d0, 0] += %inp[%m * 2 + %k, d0, d1] * %wgt[%n * 2 + %k, 0, d1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[%m * 4, %n] sizes [4, 1]

// -----

// The last tile of 10 rows has 2, the last chunk of 5 blocks has 1: sizes are the least of two.
func.func @partial(%x: tensor<10x5x16xi8>, %w: tensor<5x16x16xi8>) -> tensor<10x16xi8> {
  %y = affine_nest.for (%m, %c) = (10, 16) reduce (%k, %i) = (5, 16) {
    %a = affine_nest.load %x[%m, %k, %i] : tensor<10x5x16xi8>
    %b = affine_nest.load %w[%k, %c, %i] : tensor<5x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4, 2] order [0] inp 2 wgt 2 acc 2>} : tensor<10x16xi8>
  return %y : tensor<10x16xi8>
}
// CHECK-LABEL: func.func @partial(
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w) to (%y_mem) : (tensor<10x5x16xi8>, tensor<5x16x16xi8>) -> tensor<10x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<2x4x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<2x4x2x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<2x2x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: affine.for %m = 0 to 3 {
// CHECK-NEXT: tensor_intrinsic.reset [min(4, %m * -4 + 10)] %acc[%m mod 2, d0]
// CHECK-NEXT: affine.for %k = 0 to 3 {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%k * 2] to %wgt[(%m + %k) mod 2] sizes [min(2, %k * -2 + 5)]
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%m * 4, %k * 2] to %inp[(%m + %k) mod 2] sizes [min(4, %m * -4 + 10), min(2, %k * -2 + 5)]
// CHECK-NEXT: tensor_intrinsic.gemm [min(4, %m * -4 + 10), min(2, %k * -2 + 5)] %acc[%m mod 2, d0] += %inp[(%m + %k) mod 2, d0, d1] * %wgt[(%m + %k) mod 2, d1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.store %acc[%m mod 2] to %y_mem[%m * 4] sizes [min(4, %m * -4 + 10)]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<10x16xi8>

// -----

// A residual is an i8 operand: the identity matrix brings it to the accumulators in one step a vector.
func.func @residual(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>, %z: tensor<8x16xi8>) -> tensor<8x16xi8> {
  %y = affine_nest.for (%m, %c) = (8, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<8x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %shift = arith.constant 4 : i32
    %t = arith.shrsi %s, %shift : i32
    %r = affine_nest.load %z[%m, %c] : tensor<8x16xi8>
    %re = arith.extsi %r : i8 to i32
    %v = arith.addi %t, %re : i32
    %u = arith.trunci %v : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [8] order [0] inp 1 wgt 1 acc 1>} : tensor<8x16xi8>
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @residual(
// CHECK-NEXT: %identity = graph.constant dense_resource<identity{{.*}}> : tensor<1x16x16xi8>
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w, %z_mem = %z, %identity_mem = %identity) to (%y_mem) : (tensor<8x16xi8>, tensor<16x16xi8>, tensor<8x16xi8>, tensor<1x16x16xi8>) -> tensor<8x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<1x8x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<1x8x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: %inp_1 = tensor_intrinsic.alloc : memref<1x8x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %eye = tensor_intrinsic.alloc : memref<1x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: tensor_intrinsic.load %w_mem[] to %wgt[0] sizes []
// CHECK-NEXT: tensor_intrinsic.load %x_mem[0] to %inp[0] sizes [8]
// CHECK-NEXT: tensor_intrinsic.load %z_mem[0] to %inp_1[0] sizes [8]
// CHECK-NEXT: tensor_intrinsic.reset [8] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [8] %acc[0, d0] += %inp[0, d0] * %wgt[0]
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: tensor_intrinsic.alu shr [8] %acc[0, d0], 4
// CHECK-NEXT: tensor_intrinsic.gemm [8] %acc[0, d0] += %inp_1[0, d0] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[0] sizes [8]
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<8x16xi8>

// -----

// Multiples of an i8 operand: by a multiple of the identity, one that no i8 holds by a shift, too. A
// shift by a vector is loaded once, and is an ALU step with two operands.
func.func @scaled(%x: tensor<8x16xi8>, %z: tensor<8x16xi8>) -> tensor<8x16xi8> {
  %n = graph.constant dense<[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]> : tensor<16xi32>
  %y = affine_nest.for (%m, %c) = (8, 16) {
    %a = affine_nest.load %x[%m, %c] : tensor<8x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %four = arith.constant 4 : i32
    %s = arith.muli %ae, %four : i32
    %r = affine_nest.load %z[%m, %c] : tensor<8x16xi8>
    %re = arith.extsi %r : i8 to i32
    %many = arith.constant 384 : i32
    %q = arith.muli %re, %many : i32
    %v = arith.addi %s, %q : i32
    %by = affine_nest.load %n[%c] : tensor<16xi32>
    %t = arith.shrsi %v, %by : i32
    %u = arith.trunci %t : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [8] order [0] inp 1 wgt 1 acc 1>} : tensor<8x16xi8>
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @scaled(
// CHECK: %diagonal = graph.constant dense_resource<diagonal> : tensor<2x16x16xi8>
// CHECK: %eye = tensor_intrinsic.alloc : memref<1x2x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK: tensor_intrinsic.load %diagonal_mem[0] to %eye[0] sizes [2]
// CHECK: tensor_intrinsic.reset [8] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [8] %acc[0, d0] += %inp[0, d0] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.load %n_mem[] to %operand[0] sizes []
// CHECK-NEXT: tensor_intrinsic.reset [8] %stage[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [8] %stage[0, d0] += %inp_1[0, d0] * %eye[0, 1]
// CHECK-NEXT: tensor_intrinsic.alu shr [8] %stage[0, d0], -2
// CHECK-NEXT: tensor_intrinsic.alu add [8] %acc[0, d0], %stage[0, d0]
// CHECK-NEXT: tensor_intrinsic.alu shr [8] %acc[0, d0], %operand[0]
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[0] sizes [8]

// -----

// Planes of a sum: its low byte is stored, then the sum shifted by a byte is.
func.func @planes(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>) -> tensor<3x8x16xi8> {
  %n = graph.constant dense<[0, 8, 16]> : tensor<3xi32>
  %y = affine_nest.for (%plane, %m, %c) = (3, 8, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<8x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %by = affine_nest.load %n[%plane] : tensor<3xi32>
    %t = arith.shrsi %s, %by : i32
    %u = arith.trunci %t : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4] order [0] inp 2 wgt 1 acc 2>} : tensor<3x8x16xi8>
  return %y : tensor<3x8x16xi8>
}
// CHECK-LABEL: func.func @planes(
// CHECK: %acc = tensor_intrinsic.alloc : memref<2x1x4x16xi32, #tensor_intrinsic<memory acc>>
// CHECK: tensor_intrinsic.gemm [4] %acc[%m, 0, d0] += %inp[%m, d0] * %wgt[0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%m] to %y_mem[0, %m * 4] sizes [1, 4]
// CHECK-NEXT: tensor_intrinsic.alu shr [4] %acc[%m, 0, d0], 8
// CHECK-NEXT: tensor_intrinsic.store %acc[%m] to %y_mem[1, %m * 4] sizes [1, 4]
// CHECK-NEXT: tensor_intrinsic.alu shr [4] %acc[%m, 0, d0], 8
// CHECK-NEXT: tensor_intrinsic.store %acc[%m] to %y_mem[2, %m * 4] sizes [1, 4]

// -----

// A bias that is an argument is loaded with 32 bits and added by the ALU; one row serves all.
func.func @bias(%x: tensor<8x16xi8>, %w: tensor<2x16x16xi8>, %b: tensor<2x16xi32>) -> tensor<8x2x16xi8> {
  %y = affine_nest.for (%m, %n, %c) = (8, 2, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<8x16xi8>
    %k = affine_nest.load %w[%n, %c, %i] : tensor<2x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %ke = arith.extsi %k : i8 to i32
    %p = arith.muli %ae, %ke : i32
    %s = affine_nest.reduce add %p : i32
    %q = affine_nest.load %b[%n, %c] : tensor<2x16xi32>
    %v = arith.addi %s, %q : i32
    %u = arith.trunci %v : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [8, 1] order [1, 0] inp 1 wgt 2 acc 2>} : tensor<8x2x16xi8>
  return %y : tensor<8x2x16xi8>
}
// CHECK-LABEL: func.func @bias(
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w, %b_mem = %b) to (%y_mem) : (tensor<8x16xi8>, tensor<2x16x16xi8>, tensor<2x16xi32>) -> tensor<8x2x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<2x8x1x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<1x8x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<2x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: %operand = tensor_intrinsic.alloc : memref<1x1x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: tensor_intrinsic.load %x_mem[0] to %inp[0] sizes [8]
// CHECK-NEXT: affine.for %n = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%n] to %wgt[%n] sizes [1]
// CHECK-NEXT: tensor_intrinsic.load %b_mem[%n] to %operand[0] sizes [1]
// CHECK-NEXT: tensor_intrinsic.reset [8] %acc[%n, d0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [8] %acc[%n, d0, 0] += %inp[0, d0] * %wgt[%n, 0]
// CHECK-NEXT: tensor_intrinsic.alu add [8] %acc[%n, d0, 0], %operand[0, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%n] to %y_mem[0, %n] sizes [8, 1]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<8x2x16xi8>

// -----

// A constant bias is loaded once, when the first tile needs its part, and kept; for many vectors as
// matrices that a constant input adds.
func.func @resident_bias(%x: tensor<80x16xi8>, %w: tensor<2x16x16xi8>) -> tensor<80x2x16xi8> {
  %b = graph.constant dense<300> : tensor<2x16xi32>
  %y = affine_nest.for (%m, %n, %c) = (80, 2, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<80x16xi8>
    %k = affine_nest.load %w[%n, %c, %i] : tensor<2x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %ke = arith.extsi %k : i8 to i32
    %p = arith.muli %ae, %ke : i32
    %s = affine_nest.reduce add %p : i32
    %q = affine_nest.load %b[%n, %c] : tensor<2x16xi32>
    %v = arith.addi %s, %q : i32
    %u = arith.trunci %v : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [80, 1] order [1, 0] inp 1 wgt 2 acc 2>} : tensor<80x2x16xi8>
  return %y : tensor<80x2x16xi8>
}
// CHECK-LABEL: func.func @resident_bias(
// CHECK-NEXT: %b = graph.constant dense_resource<b> : tensor<2x16x16xi8>
// CHECK-NEXT: %digits = graph.constant dense<[127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 1]> : tensor<16xi8>
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %w_mem = %w, %b_mem = %b, %digits_mem = %digits) to (%y_mem) : (tensor<80x16xi8>, tensor<2x16x16xi8>, tensor<2x16x16xi8>, tensor<16xi8>) -> tensor<80x2x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<2x80x1x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<1x80x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<2x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: %bias = tensor_intrinsic.alloc : memref<2x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: %digits_1 = tensor_intrinsic.alloc : memref<1x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: tensor_intrinsic.load %x_mem[0] to %inp[0] sizes [80]
// CHECK-NEXT: affine.for %n = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%n] to %wgt[%n] sizes [1]
// CHECK-NEXT: tensor_intrinsic.reset [80] %acc[%n, d0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [80] %acc[%n, d0, 0] += %inp[0, d0] * %wgt[%n, 0]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%n] {
// CHECK-NEXT: tensor_intrinsic.load %digits_mem[] to %digits_1[0] sizes []
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.load %b_mem[%n] to %bias[%n] sizes [1]
// CHECK-NEXT: tensor_intrinsic.gemm [80] %acc[%n, d0, 0] += %digits_1[0] * %bias[%n, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%n] to %y_mem[0, %n] sizes [80, 1]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<80x2x16xi8>

// -----

// A maximum over windows: i8 values reach accumulators through the identity, divided by phase. What
// the pad -128 needs is added where a mask says that the window is inside, since loads pad with zero.
// The even elements are compared with one another, then with the odd ones, which become the result.
func.func @max_pool(%x: tensor<6x16xi8>) -> tensor<3x16xi8> {
  %y = affine_nest.for (%h, %c) = (3, 16) reduce (%k) = (3) {
    %a = affine_nest.load %x[%h * 2 + %k - 1, %c] pad -128 : tensor<6x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [3, 3] order [0] inp 1 wgt 1 acc 1>} : tensor<3x16xi8>
  return %y : tensor<3x16xi8>
}
// CHECK-LABEL: func.func @max_pool(
// CHECK-NEXT: %identity = graph.constant dense_resource<identity{{.*}}> : tensor<1x16x16xi8>
// CHECK-NEXT: %inside = graph.constant dense_resource<inside> : tensor<6x16xi8>
// CHECK-NEXT: %pad = graph.constant dense_resource<pad> : tensor<16x16xi8>
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %identity_mem = %identity, %inside_mem = %inside, %pad_mem = %pad) to (%y_mem) : (tensor<6x16xi8>, tensor<1x16x16xi8>, tensor<6x16xi8>, tensor<16x16xi8>) -> tensor<3x16xi8> {
// CHECK-NEXT: %stage = tensor_intrinsic.alloc : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<1x3x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<1x7x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %eye = tensor_intrinsic.alloc : memref<1x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: %inside_1 = tensor_intrinsic.alloc : memref<1x7x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %pad_1 = tensor_intrinsic.alloc : memref<1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: tensor_intrinsic.load %pad_mem[] to %pad_1[0] sizes []
// CHECK-NEXT: tensor_intrinsic.load %x_mem[-1] to %inp[0] sizes [7]
// CHECK-NEXT: tensor_intrinsic.load %inside_mem[-1] to %inside_1[0] sizes [7]
// CHECK-NEXT: tensor_intrinsic.reset [4] %stage[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [4] %stage[0, d0] += %inp[0, d0 * 2] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [4] %stage[0, d0] += %inside_1[0, d0 * 2] * %pad_1[0]
// CHECK-NEXT: tensor_intrinsic.reset [3] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [3] %acc[0, d0] += %inp[0, d0 * 2 + 1] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [3] %acc[0, d0] += %inside_1[0, d0 * 2 + 1] * %pad_1[0]
// CHECK-NEXT: tensor_intrinsic.alu max [3] %stage[0, d0], %stage[0, d0 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [3] %acc[0, d0], %stage[0, d0]
// CHECK-NEXT: tensor_intrinsic.alu add [3] %acc[0, d0], -128
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[0] sizes [3]
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<3x16xi8>

// -----

// Windows that overlap by a stride of 1 have one phase, which is compared with itself.
func.func @max_pool_overlapping(%x: tensor<6x16xi8>) -> tensor<3x16xi8> {
  %y = affine_nest.for (%h, %c) = (3, 16) reduce (%k) = (3) {
    %a = affine_nest.load %x[%h + %k - 1, %c] pad 0 : tensor<6x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2, 3] order [0] inp 1 wgt 1 acc 1>} : tensor<3x16xi8>
  return %y : tensor<3x16xi8>
}
// CHECK-LABEL: func.func @max_pool_overlapping(
// CHECK-NEXT: %identity = graph.constant dense_resource<identity{{.*}}> : tensor<1x16x16xi8>
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %identity_mem = %identity) to (%y_mem) : (tensor<6x16xi8>, tensor<1x16x16xi8>) -> tensor<3x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<1x4x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<1x4x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %eye = tensor_intrinsic.alloc : memref<1x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: affine.for %h = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%h * 2 - 1] to %inp[0] sizes [min(4, %h * -2 + 5)]
// CHECK-NEXT: tensor_intrinsic.reset [min(4, %h * -2 + 5)] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [min(4, %h * -2 + 5)] %acc[0, d0] += %inp[0, d0] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.alu max [min(3, %h * -2 + 4)] %acc[0, d0], %acc[0, d0 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [min(2, %h * -2 + 3)] %acc[0, d0], %acc[0, d0 + 1]
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[%h * 2] sizes [min(2, %h * -2 + 3)]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<3x16xi8>

// -----

// A pad of zero needs no mask. Chunks of the window are folded one after the other, the last one short.
func.func @max_pool_in_chunks(%x: tensor<6x16xi8>) -> tensor<3x16xi8> {
  %y = affine_nest.for (%h, %c) = (3, 16) reduce (%k) = (3) {
    %a = affine_nest.load %x[%h * 2 + %k - 1, %c] pad 0 : tensor<6x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [3, 2] order [0] inp 2 wgt 1 acc 1>} : tensor<3x16xi8>
  return %y : tensor<3x16xi8>
}
// CHECK-LABEL: func.func @max_pool_in_chunks(
// CHECK-NEXT: %identity = graph.constant dense_resource<identity{{.*}}> : tensor<1x16x16xi8>
// CHECK-NEXT: %y = tensor_intrinsic.kernel (%x_mem = %x, %identity_mem = %identity) to (%y_mem) : (tensor<6x16xi8>, tensor<1x16x16xi8>) -> tensor<3x16xi8> {
// CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<1x3x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<2x6x16xi8, #tensor_intrinsic<memory inp>>
// CHECK-NEXT: %stage = tensor_intrinsic.alloc : memref<1x6x16xi32, #tensor_intrinsic<memory acc>>
// CHECK-NEXT: %eye = tensor_intrinsic.alloc : memref<1x1x16x16xi8, #tensor_intrinsic<memory wgt>>
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: tensor_intrinsic.reset [3] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.alu add [3] %acc[0, d0], -32768
// CHECK-NEXT: affine.for %k = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%k * 2 - 1] to %inp[%k] sizes [min(6, %k * -2 + 7)]
// CHECK-NEXT: tensor_intrinsic.reset [min(6, %k * -2 + 7)] %stage[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [min(6, %k * -2 + 7)] %stage[0, d0] += %inp[%k, d0] * %eye[0, 0]
// CHECK-NEXT: affine.for %k_1 = 0 to min affine_map<()[s0] -> (2, ((s0 * -2) + 3))>()[%k] {
// CHECK-NEXT: tensor_intrinsic.alu max [3] %acc[0, d0], %stage[0, d0 * 2 + %k_1]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[0] sizes [3]
// CHECK-NEXT: }
// CHECK-NEXT: func.return %y : tensor<3x16xi8>

// -----

// A nest without a schedule stays.
func.func @host(%x: tensor<6x16xf32>) -> tensor<6x16xf32> {
  %y = affine_nest.for (%h, %c) = (6, 16) {
    %a = affine_nest.load %x[%h, %c] : tensor<6x16xf32>
    affine_nest.yield %a : f32
  } attributes {placement = "host"} : tensor<6x16xf32>
  return %y : tensor<6x16xf32>
}
// CHECK-LABEL: func.func @host(
// CHECK-NEXT: %y = affine_nest.for (%h, %c) = (6, 16) {
