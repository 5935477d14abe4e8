// RUN: nopt %s -p graph-scale-to-conv | filecheck %s

// CHECK: func.func @channels(
func.func @channels(%x: tensor<1x2x3x3xf32>, %i: tensor<1x2x3x3xi8>) -> (tensor<1x4x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>) {
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %y = graph.mul %x, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK-NEXT: %s = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[2.000000e+00]]], [[[4.000000e+00]]]]> : tensor<2x1x1x1xf32>
  // CHECK-NEXT: %y = graph.conv2d %x, %s groups 2 :
  %c = graph.constant dense<2.0> : tensor<2x1x1xf32>
  %all = graph.mul %x, %c : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %all = graph.mul %x, %c
  %columns = graph.constant dense<[2.0, 4.0, 8.0]> : tensor<3xf32>
  %wide = graph.mul %x, %columns : (tensor<1x2x3x3xf32>, tensor<3xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %wide = graph.mul %x, %columns
  %n = graph.constant dense<[[[2]], [[4]]]> : tensor<2x1x1xi8>
  %integers = graph.mul %i, %n : (tensor<1x2x3x3xi8>, tensor<2x1x1xi8>) -> tensor<1x2x3x3xi8>
  // CHECK: %integers = graph.mul %i, %n
  %w = graph.constant dense<0.5> : tensor<4x2x1x1xf32>
  %relu = graph.relu %y : tensor<1x2x3x3xf32>
  %z = graph.conv2d %relu, %w : (tensor<1x2x3x3xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x3x3xf32>
  return %z, %all, %wide, %integers : tensor<1x4x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>
}

// Between ops of floats a product stays one: no contraction reads it.
// CHECK: func.func @floats(
func.func @floats(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %e = graph.unary exp %x : tensor<1x2x3x3xf32>
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %y = graph.mul %e, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %y = graph.mul %e, %s
  %l = graph.unary log %y : tensor<1x2x3x3xf32>
  return %l : tensor<1x2x3x3xf32>
}
