// RUN: nopt %s -p graph-fold-shuffle | filecheck %s

// Four channels in two groups: the weights, biases and shifts of channels 0, 2, 1 and 3.
// CHECK: func.func @folded(
func.func @folded(%x: tensor<1x4x5x5xi8>) -> tensor<1x4x5x5xi8> {
  %w = graph.constant dense<[[[[1]], [[2]]], [[[3]], [[4]]], [[[5]], [[6]]], [[[7]], [[8]]]]> : tensor<4x2x1x1xi8>
  %b = graph.constant dense<[[[10]], [[20]], [[30]], [[40]]]> : tensor<4x1x1xi32>
  %c = graph.conv2d %x, %w groups 2 : (tensor<1x4x5x5xi8>, tensor<4x2x1x1xi8>) -> tensor<1x4x5x5xi32>
  %a = graph.add %c, %b : (tensor<1x4x5x5xi32>, tensor<4x1x1xi32>) -> tensor<1x4x5x5xi32>
  %r = graph.relu %a : tensor<1x4x5x5xi32>
  %q = graph.requantize %r shift dense<[1, 2, 3, 4]> : tensor<4xi32> axis 1 {represents = {tensor = "q", scale = 5.0e-01 : f32}} : tensor<1x4x5x5xi32> -> tensor<1x4x5x5xi8>
  %0 = graph.reshape %q : tensor<1x4x5x5xi8> -> tensor<1x2x2x5x5xi8>
  %1 = graph.transpose %0 permutation [0, 2, 1, 3, 4] : tensor<1x2x2x5x5xi8> -> tensor<1x2x2x5x5xi8>
  %y = graph.reshape %1 {represents = {tensor = "y", scale = 5.0e-01 : f32}} : tensor<1x2x2x5x5xi8> -> tensor<1x4x5x5xi8>
  // CHECK-NEXT: %w = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[1]], [[2]], [[0]], [[0]]], [[[0]], [[0]], [[5]], [[6]]], [[[3]], [[4]], [[0]], [[0]]], [[[0]], [[0]], [[7]], [[8]]]]> : tensor<4x4x1x1xi8>
  // CHECK-NEXT: %y_conv2d = graph.conv2d %x, %w : (tensor<1x4x5x5xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x5x5xi32>
  // CHECK-NEXT: %b = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[10]], [[30]], [[20]], [[40]]]> : tensor<4x1x1xi32>
  // CHECK-NEXT: %y_add = graph.add %y_conv2d, %b :
  // CHECK-NEXT: %y_relu = graph.relu %y_add :
  // CHECK-NEXT: %y = graph.requantize %y_relu shift dense<[1, 3, 2, 4]> : tensor<4xi32> axis 1 {represents = {tensor = "y", scale = 5.000000e-01 : f32}} :
  // CHECK-NEXT: func.return %y
  return %y : tensor<1x4x5x5xi8>
}

// A result that is read otherwise, rows that are permuted too, another epilogue, weights that are
// no constant; and groups of whole blocks, which would become four times the work.
// CHECK: func.func @kept(
// CHECK-COUNT-5: graph.transpose
func.func @kept(%x: tensor<1x4x6x5xi8>, %z: tensor<1x4x6x5xi8>, %v: tensor<4x4x1x1xi8>, %h: tensor<1x64x2x2xi8>) -> (tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x64x2x2xi32>) {
  %w = graph.constant dense<1> : tensor<4x4x1x1xi8>
  %u = graph.constant dense<1> : tensor<64x16x1x1xi8>
  %c0 = graph.conv2d %x, %w : (tensor<1x4x6x5xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x6x5xi32>
  %r0 = graph.reshape %c0 : tensor<1x4x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %t0 = graph.transpose %r0 permutation [0, 2, 1, 3, 4] : tensor<1x2x2x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %y0 = graph.reshape %t0 : tensor<1x2x2x6x5xi32> -> tensor<1x4x6x5xi32>
  %c1 = graph.conv2d %x, %w : (tensor<1x4x6x5xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x6x5xi32>
  %r1 = graph.reshape %c1 : tensor<1x4x6x5xi32> -> tensor<1x4x2x3x5xi32>
  %t1 = graph.transpose %r1 permutation [0, 2, 1, 3, 4] : tensor<1x4x2x3x5xi32> -> tensor<1x2x4x3x5xi32>
  %y1 = graph.reshape %t1 : tensor<1x2x4x3x5xi32> -> tensor<1x4x6x5xi32>
  %c2 = graph.conv2d %x, %w : (tensor<1x4x6x5xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x6x5xi32>
  %a2 = graph.add %c2, %z : (tensor<1x4x6x5xi32>, tensor<1x4x6x5xi8>) -> tensor<1x4x6x5xi32>
  %r2 = graph.reshape %a2 : tensor<1x4x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %t2 = graph.transpose %r2 permutation [0, 2, 1, 3, 4] : tensor<1x2x2x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %y2 = graph.reshape %t2 : tensor<1x2x2x6x5xi32> -> tensor<1x4x6x5xi32>
  %c3 = graph.conv2d %x, %v : (tensor<1x4x6x5xi8>, tensor<4x4x1x1xi8>) -> tensor<1x4x6x5xi32>
  %r3 = graph.reshape %c3 : tensor<1x4x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %t3 = graph.transpose %r3 permutation [0, 2, 1, 3, 4] : tensor<1x2x2x6x5xi32> -> tensor<1x2x2x6x5xi32>
  %y3 = graph.reshape %t3 : tensor<1x2x2x6x5xi32> -> tensor<1x4x6x5xi32>
  %c4 = graph.conv2d %h, %u groups 4 : (tensor<1x64x2x2xi8>, tensor<64x16x1x1xi8>) -> tensor<1x64x2x2xi32>
  %r4 = graph.reshape %c4 : tensor<1x64x2x2xi32> -> tensor<1x4x16x2x2xi32>
  %t4 = graph.transpose %r4 permutation [0, 2, 1, 3, 4] : tensor<1x4x16x2x2xi32> -> tensor<1x16x4x2x2xi32>
  %y4 = graph.reshape %t4 : tensor<1x16x4x2x2xi32> -> tensor<1x64x2x2xi32>
  return %c0, %y0, %y1, %y2, %y3, %y4 : tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x4x6x5xi32>, tensor<1x64x2x2xi32>
}
