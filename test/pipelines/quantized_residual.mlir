// The quantized form: shifts by channel, requantization to 32 bits within a residual block, the input
// times a power of two. One kernel; a vector costs a product for the bias (which holds the rounding of
// both shifts), two cycles for the shift by a vector, a product for the residual, and three ALU steps.
// RUN: nopt %s -p 'vta{until=convert-affine-nest-to-tensor-intrinsic}' | filecheck %s

func.func @main(%x: tensor<1x16x14x14xi8>, %z: tensor<1x20x14x14xi8>) -> tensor<1x20x14x14xi8> {
  %w = graph.constant dense<1> : tensor<20x16x3x3xi8>
  %b = graph.constant dense<[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]> : tensor<20xi32>
  %b2 = graph.reshape %b : tensor<20xi32> -> tensor<20x1x1xi32>
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x16x14x14xi8>, tensor<20x16x3x3xi8>) -> tensor<1x20x14x14xi32>
  %s = graph.add %c, %b2 : (tensor<1x20x14x14xi32>, tensor<20x1x1xi32>) -> tensor<1x20x14x14xi32>
  %y = graph.requantize %s shift dense<[0,1,2,3,4,5,6,7,8,9,10,9,8,7,6,5,4,3,2,1]> : tensor<20xi32> axis 1 : tensor<1x20x14x14xi32> -> tensor<1x20x14x14xi32>
  %four = graph.constant dense<4> : tensor<i32>
  %m = graph.mul %z, %four : (tensor<1x20x14x14xi8>, tensor<i32>) -> tensor<1x20x14x14xi32>
  %a = graph.add %y, %m : (tensor<1x20x14x14xi32>, tensor<1x20x14x14xi32>) -> tensor<1x20x14x14xi32>
  %r = graph.relu %a : tensor<1x20x14x14xi32>
  %o = graph.requantize %r shift 3 : tensor<1x20x14x14xi32> -> tensor<1x20x14x14xi8>
  func.return %o : tensor<1x20x14x14xi8>
}

// CHECK-NOT: host
// CHECK: tensor_intrinsic.reset [14, 7]
// CHECK-NEXT: tensor_intrinsic.gemm [14, 7, 3, 3] {{.*}} += %inp[{{.*}}] * %wgt[
// CHECK: tensor_intrinsic.gemm [14, 7] {{.*}} += %{{digits.*}}[0] * %{{bias.*}}[%cb, 0]
// CHECK-NEXT: tensor_intrinsic.alu shr [14, 7] %acc[{{.*}}], %operand[%cb, 0]
// CHECK-NEXT: tensor_intrinsic.gemm [14, 7] {{.*}} += %inp_1[{{.*}}] * %eye[0, 0]
// CHECK-NEXT: tensor_intrinsic.alu shr [14, 7] %acc[{{.*}}], 3
// CHECK-NEXT: tensor_intrinsic.alu max [14, 7] %acc[{{.*}}], 0
// CHECK-NEXT: tensor_intrinsic.alu min [14, 7] %acc[{{.*}}], 127
// CHECK-NEXT: tensor_intrinsic.store
// CHECK-NOT: tensor_intrinsic.kernel
