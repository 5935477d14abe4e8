// RUN: nopt %s -p convert-affine-nest-to-tensor-intrinsic --split-input-file | filecheck %s
// The end of a kernel's last tile goes in strips: one is stored while the next one is computed.

// The last tile has 4 rows of the 6 that others have: two strips of 2. The residual's rows go along.
func.func @rows(%x: tensor<10x3x16xi8>, %w: tensor<16x16xi8>, %z: tensor<10x3x16xi8>) -> tensor<10x3x16xi8> {
  %y = affine_nest.for (%m, %n, %c) = (10, 3, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %n, %i] : tensor<10x3x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %r = affine_nest.load %z[%m, %n, %c] : tensor<10x3x16xi8>
    %re = arith.extsi %r : i8 to i32
    %v = arith.addi %s, %re : i32
    %u = arith.trunci %v : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [6, 3] order [0, 1] inp 2 wgt 1 acc 2 strips 2>} : tensor<10x3x16xi8>
  return %y : tensor<10x3x16xi8>
}
// CHECK-LABEL: func.func @rows(
// CHECK: tensor_intrinsic.load %w_mem[] to %wgt[0] sizes []
// CHECK-NEXT: affine.for %m = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%m * 6, 0] to %inp[%m] sizes [min(6, %m * -6 + 10), 3]
// CHECK-NEXT: tensor_intrinsic.load %z_mem[%m * 6, 0] to %inp_1[%m] sizes [min(6, %m * -6 + 10), 3]
// CHECK-NEXT: tensor_intrinsic.reset [min(6, %m * -6 + 10), 3] %acc[%m, d0, d1]
// CHECK-NEXT: tensor_intrinsic.gemm [min(6, %m * -6 + 10), 3] %acc[%m, d0, d1] += %inp[%m, d0, d1] * %wgt[0]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%m] {
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%m] {
// CHECK-NEXT: tensor_intrinsic.gemm [min(6, %m * -6 + 10), 3] %acc[%m, d0, d1] += %inp_1[%m, d0, d1] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%m] to %y_mem[%m * 6, 0] sizes [min(6, %m * -6 + 10), 3]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_2 = 0 to min affine_map<()[s0] -> (1, s0)>()[%m] {
// CHECK-NEXT: affine.for %strip = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.gemm [2, 3] %acc[%m, d0 + %strip * 2, d1] += %inp_1[%m, d0 + %strip * 2, d1] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%m, %strip * 2, 0] to %y_mem[%m * 6 + %strip * 2, 0] sizes [2, 3]

// -----

// One tile is all: there are no others to tell apart.
func.func @alone(%x: tensor<4x16xi8>, %w: tensor<16x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%m, %c) = (4, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<4x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %shift = arith.constant 4 : i32
    %t = arith.shrsi %s, %shift : i32
    %u = arith.trunci %t : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4] order [0] inp 1 wgt 1 acc 1 strips 4>} : tensor<4x16xi8>
  return %y : tensor<4x16xi8>
}
// CHECK-LABEL: func.func @alone(
// CHECK: tensor_intrinsic.load %w_mem[] to %wgt[0] sizes []
// CHECK-NEXT: tensor_intrinsic.load %x_mem[0] to %inp[0] sizes [4]
// CHECK-NEXT: tensor_intrinsic.reset [4] %acc[0, d0]
// CHECK-NEXT: tensor_intrinsic.gemm [4] %acc[0, d0] += %inp[0, d0] * %wgt[0]
// CHECK-NEXT: affine.for %strip = 0 to 4 {
// CHECK-NEXT: tensor_intrinsic.alu shr [] %acc[0, %strip], 4
// CHECK-NEXT: tensor_intrinsic.store %acc[0, %strip] to %y_mem[%strip] sizes [1]
