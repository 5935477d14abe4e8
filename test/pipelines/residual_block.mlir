// ResNet's basic block: two kernels; the input is added on the core, where it comes by way of the
// identity matrix, and ReLU and the last clip are one step. Weights below zero on values above zero
// give no positive sum: nothing needs a clip at 127.
// RUN: nopt %s -p vta | filecheck %s
// RUN: nopt %s -p 'vta{until=convert-affine-nest-to-tensor-intrinsic}' | filecheck %s --check-prefix TILES

func.func @main(%x: tensor<1x16x8x8xi8>) -> tensor<1x16x8x8xi8> {
  %w = graph.constant dense<20> : tensor<16x16x3x3xi8>
  %b = graph.constant dense<700> : tensor<16x1x1xi32>
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x16x8x8xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x8x8xi32>
  %d = graph.add %c, %b : (tensor<1x16x8x8xi32>, tensor<16x1x1xi32>) -> tensor<1x16x8x8xi32>
  %e = graph.relu %d : tensor<1x16x8x8xi32>
  %h = graph.requantize %e shift 9 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  %v = graph.constant dense<-20> : tensor<16x16x3x3xi8>
  %f = graph.conv2d %h, %v pads [1, 1, 1, 1] : (tensor<1x16x8x8xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x8x8xi32>
  %g = graph.requantize %f shift 8 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  %i = graph.add %g, %x : (tensor<1x16x8x8xi8>, tensor<1x16x8x8xi8>) -> tensor<1x16x8x8xi32>
  %j = graph.relu %i : tensor<1x16x8x8xi32>
  %y = graph.requantize %j shift 0 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  func.return %y : tensor<1x16x8x8xi8>
}

// Tiles of the first one begin with the bias, 700 and 256 that round: the tile before leaves no more
// than 127. What tiles of the second one leave has no such limit: they begin with zero.
// TILES: %h = tensor_intrinsic.kernel (%x_mem = %x_1, %w_mem = %w
// TILES: tensor_intrinsic.load %b_mem[] to %operand[0]
// TILES-NEXT: tensor_intrinsic.load %w_mem
// TILES-NEXT: tensor_intrinsic.reset {{.*}} %acc[d0,
// TILES: tensor_intrinsic.alu max {{.*}}, %operand[0]
// TILES-NEXT: tensor_intrinsic.gemm {{.*}} += %inp[{{.*}}] * %wgt[0, d2, d3]
// TILES-NEXT: tensor_intrinsic.alu shr {{.*}}, 9
// TILES-NEXT: tensor_intrinsic.alu max {{.*}}, 0
// TILES-NEXT: tensor_intrinsic.alu min {{.*}}, 127
// TILES-NEXT: tensor_intrinsic.store %acc[{{.*}}] to %h_mem
// TILES-NOT: affine_nest.for
// TILES: %y = tensor_intrinsic.kernel (%h_mem_1 = %h, %v_mem = %v, %x_mem_1 = %x_1, %identity_mem = %identity) to (%y_mem)
// TILES: tensor_intrinsic.load %h_mem_1[{{.*}}] to %inp_1[{{.*}}]
// TILES-NEXT: tensor_intrinsic.load %x_mem_1[{{.*}}] to %inp_2[{{.*}}]
// TILES-NEXT: tensor_intrinsic.reset
// TILES-NEXT: tensor_intrinsic.gemm {{.*}} += %inp_1[{{.*}}] * %wgt_1[0, d2, d3]
// TILES-NEXT: affine.for %once
// TILES-NEXT: tensor_intrinsic.load %identity_mem[0] to %eye[0]
// TILES-NEXT: }
// TILES-NEXT: tensor_intrinsic.alu add {{.*}}, 128
// TILES-NEXT: tensor_intrinsic.alu shr {{.*}}, 8
// TILES-NEXT: tensor_intrinsic.alu max {{.*}}, -128
// TILES-NEXT: tensor_intrinsic.gemm {{.*}} += %inp_2[{{.*}}] * %eye[0, 0]
// TILES-NEXT: tensor_intrinsic.alu max {{.*}}, 0
// TILES-NEXT: tensor_intrinsic.store %acc_1[{{.*}}] to %y_mem

// The host lays out %x and the result; what lies between the kernels stays as it is stored.
// CHECK: %x_1 = affine_nest.for
// CHECK-NOT: affine_nest.for
// CHECK: %h = isa.kernel (%x_mem = %x_1, {{.*}}) to (%h_mem)
// CHECK-NOT: affine_nest.for
// CHECK: %y = isa.kernel (%h_mem_1 = %h, %v_mem = %v, %x_mem_1 = %x_1, %identity_mem = %identity) to (%y_mem)
// CHECK: %y_1 = affine_nest.for
// CHECK-NOT: affine_nest.for
