// RUN: nopt %s -p convert-affine-nest-to-tensor-intrinsic | filecheck %s
// What only epilogues read is loaded with the last chunk: the first products need not wait for it.
func.func @residual(%x: tensor<8x6x16xi8>, %w: tensor<6x16x16xi8>, %z: tensor<8x16xi8>) -> tensor<8x16xi8> {
  %y = affine_nest.for (%m, %c) = (8, 16) reduce (%k, %i) = (6, 16) {
    %a = affine_nest.load %x[%m, %k, %i] : tensor<8x6x16xi8>
    %b = affine_nest.load %w[%k, %c, %i] : tensor<6x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %r = affine_nest.load %z[%m, %c] : tensor<8x16xi8>
    %re = arith.extsi %r : i8 to i32
    %v = arith.addi %s, %re : i32
    %u = arith.trunci %v : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [4, 3] order [0] inp 2 wgt 2 acc 2>} : tensor<8x16xi8>
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @residual(
// CHECK: affine.for %m = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.reset [4] %acc[%m, d0]
// CHECK-NEXT: affine.for %k = 0 to 2 {
// CHECK-NEXT: tensor_intrinsic.load %w_mem[%k * 3] to %wgt[%k] sizes [3]
// CHECK-NEXT: tensor_intrinsic.load %x_mem[%m * 4, %k * 3] to %inp[%k] sizes [4, 3]
// CHECK-NEXT: affine.for %once = 0 to min affine_map<()[s0] -> (1, s0)>()[%k] {
// CHECK-NEXT: tensor_intrinsic.load %z_mem[%m * 4] to %inp_1[%m] sizes [4]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.gemm [4, 3] %acc[%m, d0] += %inp[%k, d0, d1] * %wgt[%k, d1]
// CHECK-NEXT: }
// CHECK-NEXT: affine.for %once_1 = 0 to min affine_map<()[s0] -> (1, ((s0 * -1) + 1))>()[%m] {
// CHECK-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0] sizes [1]
// CHECK-NEXT: }
// CHECK-NEXT: tensor_intrinsic.gemm [4] %acc[%m, d0] += %inp_1[%m, d0] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.store %acc[%m] to %y_mem[%m * 4] sizes [4]
