// RUN: nopt %s -p convert-affine-nest-to-tensor-intrinsic --split-input-file | filecheck %s
// Windows of neighbouring tiles overlap: what the tile before has compared is copied, not made anew.

// Each tile of 2 rows finds the first 2 of its 4 in the other slot, compared along the columns. The
// first tile brings them itself.
func.func @rows(%x: tensor<8x6x16xi8>) -> tensor<6x4x16xi8> {
  %y = affine_nest.for (%h, %v, %c) = (6, 4, 16) reduce (%kh, %kv) = (3, 3) {
    %a = affine_nest.load %x[%h + %kh, %v + %kv, %c] : tensor<8x6x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2, 4, 3, 3] order [0, 1] inp 2 wgt 1 acc 2>} : tensor<6x4x16xi8>
  return %y : tensor<6x4x16xi8>
}
// CHECK-LABEL: func.func @rows(
// CHECK: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: affine.for %h = 0 to 3 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%h * 2, 0] to %inp[%h mod 2] sizes [4, 6]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, s0)>()[%h] {
// CHECK-NEXT: tensor_intrinsic.reset [2, 4] %acc[%h mod 2, d0, d1]
// CHECK-NEXT: tensor_intrinsic.alu add [2, 4] %acc[%h mod 2, d0, d1], %acc[(%h + 1) mod 2, d0 + 2, d1]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%h] {
// CHECK-NEXT: tensor_intrinsic.reset [2, 6] %acc[%h mod 2, d0, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 6] %acc[%h mod 2, d0, d1] += %inp[%h mod 2, d0, d1] * %eye[0, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.reset [2, 6] %acc[%h mod 2, d0 + 2, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 6] %acc[%h mod 2, d0 + 2, d1] += %inp[%h mod 2, d0 + 2, d1] * %eye[0, 0]
// CHECK-NEXT: affine.for %once_2 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%h] {
// CHECK-NEXT: tensor_intrinsic.alu max [2, 5] %acc[%h mod 2, d0, d1], %acc[%h mod 2, d0, d1 + 1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.alu max [2, 5] %acc[%h mod 2, d0 + 2, d1], %acc[%h mod 2, d0 + 2, d1 + 1]
// CHECK-NEXT: affine.for %once_3 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%h] {
// CHECK-NEXT: tensor_intrinsic.alu max [2, 4] %acc[%h mod 2, d0, d1], %acc[%h mod 2, d0, d1 + 1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.alu max [2, 4] %acc[%h mod 2, d0 + 2, d1], %acc[%h mod 2, d0 + 2, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [3, 4] %acc[%h mod 2, d0, d1], %acc[%h mod 2, d0 + 1, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 4] %acc[%h mod 2, d0, d1], %acc[%h mod 2, d0 + 1, d1]
// CHECK-NEXT: tensor_intrinsic.store %acc[%h mod 2] to %y_mem[%h * 2, 0] sizes [2, 4]

// -----

// With columns innermost it is these that are carried; rows are compared first.
func.func @columns(%x: tensor<9x9x16xi8>) -> tensor<4x4x16xi8> {
  %y = affine_nest.for (%h, %v, %c) = (4, 4, 16) reduce (%kh, %kv) = (3, 3) {
    %a = affine_nest.load %x[%h * 2 + %kh, %v * 2 + %kv, %c] : tensor<9x9x16xi8>
    %m = affine_nest.reduce max %a : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2, 2, 3, 3] order [0, 1] inp 2 wgt 1 acc 1>} : tensor<4x4x16xi8>
  return %y : tensor<4x4x16xi8>
}
// CHECK-LABEL: func.func @columns(
// CHECK: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: affine.for %h = 0 to 2 {
// CHECK-NEXT: affine.for %v = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%h * 4, %v * 4] to %inp[%v] sizes [5, 5]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, s0)>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_2[0, d0, 0]
// CHECK-NEXT: tensor_intrinsic.alu add [2] %stage_2[0, d0, 0], %stage_2[0, d0, 2]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [3] %stage[0, d0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [3] %stage[0, d0, 0] += %inp[%v, d0 * 2, 0] * %eye[0, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.reset [3, 2] %stage[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.gemm [3, 2] %stage[0, d0, d1 + 1] += %inp[%v, d0 * 2, d1 * 2 + 2] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.reset [3, 2] %stage_1[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [3, 2] %stage_1[0, d0, d1] += %inp[%v, d0 * 2, d1 * 2 + 1] * %eye[0, 0]
// CHECK-NEXT: affine.for %once_2 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_2[0, d0, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [2] %stage_2[0, d0, 0] += %inp[%v, d0 * 2 + 1, 0] * %eye[0, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %stage_2[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %stage_2[0, d0, d1 + 1] += %inp[%v, d0 * 2 + 1, d1 * 2 + 2] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %acc[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %acc[0, d0, d1] += %inp[%v, d0 * 2 + 1, d1 * 2 + 1] * %eye[0, 0]
// CHECK-NEXT: affine.for %once_3 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.alu max [2] %stage[0, d0, 0], %stage[0, d0 + 1, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage[0, d0, d1 + 1], %stage[0, d0 + 1, d1 + 1]
// CHECK-NEXT: affine.for %once_4 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.alu max [2] %stage_2[0, d0, 0], %stage[0, d0, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_2[0, d0, d1 + 1], %stage[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_1[0, d0, d1], %stage_1[0, d0 + 1, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %acc[0, d0, d1], %stage_1[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_2[0, d0, d1], %stage_2[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %acc[0, d0, d1], %stage_2[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.store %acc[0] to %y_mem[%h * 2, %v * 2] sizes [2, 2]

// -----

// Of a product, no sums outside are computed: only tiles behind others have row and column 0. They
// are below all sums where windows reach outside.
func.func @sums(%x: tensor<8x8x16xi8>, %w: tensor<16x16xi8>) -> tensor<4x4x16xi8> {
  %y = affine_nest.for (%h, %v, %c) = (8, 8, 16) reduce (%k) = (16) {
    %a = affine_nest.load %x[%h, %v, %k] : tensor<8x8x16xi8>
    %m = affine_nest.load %w[%c, %k] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %me = arith.extsi %m : i8 to i32
    %p = arith.muli %ae, %me : i32
    %s = affine_nest.reduce add %p : i32
    affine_nest.yield %s : i32
  } attributes {placement = "reader"} : tensor<8x8x16xi32>
  %z = affine_nest.for (%h, %v, %c) = (4, 4, 16) reduce (%kh, %kv) = (3, 3) {
    %a = affine_nest.load %y[%h * 2 + %kh - 1, %v * 2 + %kv - 1, %c] pad -1073741824 : tensor<8x8x16xi32>
    %m = affine_nest.reduce max %a : i32
    %shift = arith.constant 7 : i32
    %t = arith.shrsi %m, %shift : i32
    %u = arith.trunci %t : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2, 2, 3, 3] order [1, 0] inp 2 wgt 1 acc 2>} : tensor<4x4x16xi8>
  return %z : tensor<4x4x16xi8>
}
// CHECK-LABEL: func.func @sums(
// CHECK: tensor_intrinsic.load %w_mem[] to %wgt[0] sizes []
// CHECK-NEXT: affine.for %v = 0 to 2 {
// CHECK-NEXT: affine.for %h = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%h * 4 - 1, %v * 4 - 1] to %inp[%h] sizes [5, 5]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, s0)>()[%h] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_1[0, 0, d0]
// CHECK-NEXT: tensor_intrinsic.alu add [2] %stage_1[0, 0, d0], %stage_1[0, 2, d0]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, s0)>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage[0, d0 + 1, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %stage[0, d0 + 1, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %stage_1[0, d0 + 1, d1]
// CHECK-NEXT: affine.for %once_2 = 0 to min affine_map<()[s0] -> (1, s0)>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_2[0, d0, 0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %stage_2[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.reset [2, 2] %acc[%h, d0, d1]
// CHECK-NEXT: affine.for %once_3 = 0 to min affine_map<()[s0] -> (1, s0)>()[%v] {
// CHECK-NEXT: tensor_intrinsic.gemm [2] %stage[0, d0 + 1, 0] += %inp[%h, d0 * 2 + 2, 0] * %wgt[0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %stage[0, d0 + 1, d1 + 1] += %inp[%h, d0 * 2 + 2, d1 * 2 + 2] * %wgt[0]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %stage_1[0, d0 + 1, d1] += %inp[%h, d0 * 2 + 2, d1 * 2 + 1] * %wgt[0]
// CHECK-NEXT: affine.for %once_4 = 0 to min affine_map<()[s0] -> (1, s0)>()[%v] {
// CHECK-NEXT: tensor_intrinsic.gemm [2] %stage_2[0, d0, 0] += %inp[%h, d0 * 2 + 1, 0] * %wgt[0]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %stage_2[0, d0, d1 + 1] += %inp[%h, d0 * 2 + 1, d1 * 2 + 2] * %wgt[0]
// CHECK-NEXT: tensor_intrinsic.gemm [2, 2] %acc[%h, d0, d1] += %inp[%h, d0 * 2 + 1, d1 * 2 + 1] * %wgt[0]
// CHECK-NEXT: affine.for %once_5 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%h] {
// CHECK-NEXT: tensor_intrinsic.reset [3] %stage[0, 0, d0]
// CHECK-NEXT: tensor_intrinsic.alu add [3] %stage[0, 0, d0], -32768
// CHECK-NEXT: tensor_intrinsic.alu shr [3] %stage[0, 0, d0], -15
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_6 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%h] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_1[0, 0, d0]
// CHECK-NEXT: tensor_intrinsic.alu add [2] %stage_1[0, 0, d0], -32768
// CHECK-NEXT: tensor_intrinsic.alu shr [2] %stage_1[0, 0, d0], -15
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_7 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage[0, d0 + 1, 0]
// CHECK-NEXT: tensor_intrinsic.alu add [2] %stage[0, d0 + 1, 0], -32768
// CHECK-NEXT: tensor_intrinsic.alu shr [2] %stage[0, d0 + 1, 0], -15
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_8 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%v] {
// CHECK-NEXT: tensor_intrinsic.reset [2] %stage_2[0, d0, 0]
// CHECK-NEXT: tensor_intrinsic.alu add [2] %stage_2[0, d0, 0], -32768
// CHECK-NEXT: tensor_intrinsic.alu shr [2] %stage_2[0, d0, 0], -15
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage[0, d0 + 1, d1], %stage[0, d0 + 1, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_1[0, d0 + 1, d1], %stage[0, d0 + 1, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_2[0, d0, d1], %stage_2[0, d0, d1 + 1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %acc[%h, d0, d1], %stage_2[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %stage_1[0, d0, d1], %stage_1[0, d0 + 1, d1]
// CHECK-NEXT: tensor_intrinsic.alu max [2, 2] %acc[%h, d0, d1], %stage_1[0, d0, d1]
// CHECK-NEXT: tensor_intrinsic.alu shr [2, 2] %acc[%h, d0, d1], 7
// CHECK-NEXT: tensor_intrinsic.store %acc[%h] to %z_mem[%h * 2, %v * 2] sizes [2, 2]
