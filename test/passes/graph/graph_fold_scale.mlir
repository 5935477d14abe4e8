// RUN: nopt %s -p graph-fold-scale | filecheck %s

// CHECK: func.func @folded(
func.func @folded(%x: tensor<1x2x3x3xf32>, %a: tensor<4x3xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x4x3x3xf32>, tensor<4x2xf32>, tensor<2x4xf32>) {
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %w = graph.constant dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>
  %0 = graph.conv2d %x, %w groups 2 : (tensor<1x2x3x3xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  %conv = graph.mul %0, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %[[W:w[_0-9]*]] = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[2.000000e+00]]], [[[1.200000e+01]]]]>
  // CHECK-NEXT: %conv = graph.conv2d %x, %[[W]] groups 2 :
  %v = graph.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %t = graph.constant dense<[[[1.0]], [[10.0]], [[100.0]], [[1000.0]]]> : tensor<4x1x1xf32>
  %1 = graph.conv_transpose2d %x, %v groups 2 : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x4x3x3xf32>
  %up = graph.mul %1, %t : (tensor<1x4x3x3xf32>, tensor<4x1x1xf32>) -> tensor<1x4x3x3xf32>
  // CHECK: %[[V:v[_0-9]*]] = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[1.000000e+00]], [[2.000000e+01]]], [[[3.000000e+02]], [[4.000000e+03]]]]>
  // CHECK-NEXT: %up = graph.conv_transpose2d %x, %[[V]] groups 2 :
  %u = graph.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %r = graph.constant dense<[10.0, 1.0]> : tensor<2xf32>
  %2 = graph.matmul %a, %u transpose_b : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<4x2xf32>
  %product = graph.mul %2, %r : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  // CHECK: %[[U:u[_0-9]*]] = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[1.000000e+01, 2.000000e+01, 3.000000e+01], [4.000000e+00, 5.000000e+00, 6.000000e+00]]>
  // CHECK-NEXT: %product = graph.matmul %a, %[[U]] transpose_b :
  %rows = graph.constant dense<[[10.0], [1.0]]> : tensor<2x1xf32>
  %3 = graph.matmul %u, %a transpose_b : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  %left = graph.mul %3, %rows : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  // CHECK: %left = graph.matmul %u_{{[0-9]}}, %a transpose_b :
  return %conv, %up, %product, %left : tensor<1x2x3x3xf32>, tensor<1x4x3x3xf32>, tensor<4x2xf32>, tensor<2x4xf32>
}

// A result that is read otherwise, a factor for each column, weights that are no constant.
// CHECK: func.func @kept(
func.func @kept(%x: tensor<1x2x3x3xf32>, %v: tensor<2x2x1x1xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) {
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %columns = graph.constant dense<[2.0, 4.0, 8.0]> : tensor<3xf32>
  %w = graph.constant dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>
  %0 = graph.conv2d %x, %w groups 2 : (tensor<1x2x3x3xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  %twice = graph.mul %0, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %twice = graph.mul %0, %s
  %1 = graph.conv2d %x, %w groups 2 : (tensor<1x2x3x3xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x3x3xf32>
  %wide = graph.mul %1, %columns : (tensor<1x2x3x3xf32>, tensor<3xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %wide = graph.mul %1, %columns
  %2 = graph.conv2d %x, %v : (tensor<1x2x3x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x3x3xf32>
  %variable = graph.mul %2, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %variable = graph.mul %2, %s
  return %0, %twice, %wide, %variable : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>
}
