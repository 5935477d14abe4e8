// RUN: nopt %s -p graph-clean | filecheck %s
// Batch norms as the importer writes them: behind a convolution, and before one.

// CHECK: func.func @main(
func.func @main(%x: tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32> {
  %w = graph.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %b = graph.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %s = graph.constant dense<[[[2.0]], [[0.5]]]> : tensor<2x1x1xf32>
  %t = graph.constant dense<[[[0.25]], [[-1.0]]]> : tensor<2x1x1xf32>
  %0 = graph.conv2d %x, %w : (tensor<1x2x5x5xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %conv = graph.add %0, %b : (tensor<1x2x5x5xf32>, tensor<2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %1 = graph.mul %conv, %s : (tensor<1x2x5x5xf32>, tensor<2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %norm = graph.add %1, %t : (tensor<1x2x5x5xf32>, tensor<2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %relu = graph.relu %norm : tensor<1x2x5x5xf32>
  // CHECK: %w = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[2.000000e+00]], [[4.000000e+00]]], [[[1.500000e+00]], [[2.000000e+00]]]]> : tensor<2x2x1x1xf32>
  // CHECK-NEXT: %norm_mul = graph.conv2d %x, %w :
  // CHECK: %bias = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[2.250000e+00]], [[0.000000e+00]]]> : tensor<2x1x1xf32>
  // CHECK-NEXT: %norm = graph.add %norm_mul, %bias
  // CHECK-NEXT: %relu = graph.relu %norm
  %2 = graph.mul %relu, %s : (tensor<1x2x5x5xf32>, tensor<2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %before = graph.add %2, %t : (tensor<1x2x5x5xf32>, tensor<2x1x1xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.relu %before : tensor<1x2x5x5xf32>
  // CHECK: %[[D:[0-9]+]] = graph.conv2d %relu, %s groups 2 :
  // CHECK-NEXT: %before = graph.add %[[D]], %t
  // CHECK-NEXT: %y = graph.relu %before
  return %y : tensor<1x2x5x5xf32>
}
