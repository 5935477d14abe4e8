// RUN: nopt %s -p attach-machine,graph-split-transposed | filecheck %s

// Each 2x2 block of the result is of one element: four phases of one tap. The host reads the result.
// CHECK-LABEL: func.func @doubled(
func.func @doubled(%x: tensor<1x16x5x6xi8>) -> tensor<1x1x10x12xi8> {
  %w = graph.constant dense<3> : tensor<16x1x2x2xi8>
  %b = graph.constant dense<[[[7]]]> : tensor<1x1x1xi32>
  %a = graph.conv_transpose2d %x, %w strides [2, 2] : (tensor<1x16x5x6xi8>, tensor<16x1x2x2xi8>) -> tensor<1x1x10x12xi32>
  %c = graph.add %a, %b : (tensor<1x1x10x12xi32>, tensor<1x1x1xi32>) -> tensor<1x1x10x12xi32>
  %y = graph.requantize %c shift 4 {represents = {tensor = "y", scale = 5.0e-01 : f32}} : tensor<1x1x10x12xi32> -> tensor<1x1x10x12xi8>
  // CHECK: %w = graph.constant dense<3> : tensor<4x16x1x1xi8>
  // CHECK-NEXT: [[SUMS:%.*]] = graph.conv2d %x, %w : (tensor<1x16x5x6xi8>, tensor<4x16x1x1xi8>) -> tensor<1x4x5x6xi32>
  // CHECK-NEXT: %c = graph.add [[SUMS]], %b : (tensor<1x4x5x6xi32>, tensor<1x1x1xi32>) -> tensor<1x4x5x6xi32>
  // CHECK-NEXT: %y = graph.requantize %c shift 4 : tensor<1x4x5x6xi32> -> tensor<1x4x5x6xi8>
  // CHECK-NEXT: [[APART:%.*]] = graph.reshape %y : tensor<1x4x5x6xi8> -> tensor<1x2x2x1x5x6xi8>
  // CHECK-NEXT: [[MOVED:%.*]] = graph.transpose [[APART]] permutation [0, 3, 4, 1, 5, 2] :
  // CHECK-NEXT: [[WHOLE:%.*]] = graph.reshape [[MOVED]] : tensor<1x1x5x2x6x2xi8> -> tensor<1x1x10x12xi8>
  // CHECK-NEXT: %y_1 = graph.slice [[WHOLE]] starts [0, 0, 0, 0] {represents = {tensor = "y", scale = 5.000000e-01 : f32}} :
  // CHECK-NEXT: func.return %y_1
  return %y : tensor<1x1x10x12xi8>
}

// Rows 1 and 3 of a kernel of 4 give the first phase, 0 and 2 the second; the result begins inside of
// a phase. Shifts are once for each phase.
// CHECK-LABEL: func.func @taps(
func.func @taps(%x: tensor<1x1x3x1xi8>) -> tensor<1x2x6x1xi8> {
  %w = graph.constant dense<[[[[1], [2], [3], [4]], [[5], [6], [7], [8]]]]> : tensor<1x2x4x1xi8>
  %a = graph.conv_transpose2d %x, %w strides [2, 1] pads [1, 0, 1, 0] : (tensor<1x1x3x1xi8>, tensor<1x2x4x1xi8>) -> tensor<1x2x6x1xi32>
  %y = graph.requantize %a shift dense<[4, 5]> : tensor<2xi32> axis 1 : tensor<1x2x6x1xi32> -> tensor<1x2x6x1xi8>
  // CHECK: %w = graph.constant dense<{{\[\[\[\[}}3], [1]]], {{\[\[\[}}7], [5]]], {{\[\[\[}}4], [2]]], {{\[\[\[}}8], [6]]]]> : tensor<4x1x2x1xi8>
  // CHECK-NEXT: graph.conv2d %x, %w pads [1, 0, 1, 0] : (tensor<1x1x3x1xi8>, tensor<4x1x2x1xi8>) -> tensor<1x4x4x1xi32>
  // CHECK-NEXT: graph.requantize {{.*}} shift dense<[4, 5, 4, 5]> : tensor<4xi32> axis 1 :
  // CHECK: graph.slice {{.*}} starts [0, 0, 1, 0] : tensor<1x2x8x1xi8> -> tensor<1x2x6x1xi8>
  return %y : tensor<1x2x6x1xi8>
}

// A convolution on the core reads the result: the copy would cost more than the zeros.
// CHECK-LABEL: func.func @read_on_the_core(
func.func @read_on_the_core(%x: tensor<1x16x5x6xi8>) -> tensor<1x16x10x12xi8> {
  %w = graph.constant dense<3> : tensor<16x16x2x2xi8>
  %v = graph.constant dense<3> : tensor<16x16x1x1xi8>
  %a = graph.conv_transpose2d %x, %w strides [2, 2] : (tensor<1x16x5x6xi8>, tensor<16x16x2x2xi8>) -> tensor<1x16x10x12xi32>
  %b = graph.requantize %a shift 4 : tensor<1x16x10x12xi32> -> tensor<1x16x10x12xi8>
  %c = graph.conv2d %b, %v : (tensor<1x16x10x12xi8>, tensor<16x16x1x1xi8>) -> tensor<1x16x10x12xi32>
  %y = graph.requantize %c shift 4 : tensor<1x16x10x12xi32> -> tensor<1x16x10x12xi8>
  // CHECK: graph.conv_transpose2d
  return %y : tensor<1x16x10x12xi8>
}
