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

// Attention: the scores' scale ends in the weights and the bias of the queries.
// CHECK: func.func @attention(
func.func @attention(%x: tensor<1x8x6xf32>, %k: tensor<1x2x8x3xf32>, %v: tensor<1x2x8x3xf32>) -> tensor<1x2x8x3xf32> {
  %w = graph.constant dense<3.0> : tensor<6x6xf32>
  %b = graph.constant dense<6.0> : tensor<6xf32>
  %c = graph.constant dense<3.0> : tensor<f32>
  %0 = graph.matmul %x, %w : (tensor<1x8x6xf32>, tensor<6x6xf32>) -> tensor<1x8x6xf32>
  %1 = graph.add %0, %b : (tensor<1x8x6xf32>, tensor<6xf32>) -> tensor<1x8x6xf32>
  %2 = graph.reshape %1 : tensor<1x8x6xf32> -> tensor<1x8x2x3xf32>
  %q = graph.transpose %2 permutation [0, 2, 1, 3] : tensor<1x8x2x3xf32> -> tensor<1x2x8x3xf32>
  %t = graph.transpose %k permutation [0, 1, 3, 2] : tensor<1x2x8x3xf32> -> tensor<1x2x3x8xf32>
  %3 = graph.matmul %q, %t : (tensor<1x2x8x3xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x8x8xf32>
  %scores = graph.div %3, %c : (tensor<1x2x8x8xf32>, tensor<f32>) -> tensor<1x2x8x8xf32>
  %p = graph.softmax %scores axis 3 : tensor<1x2x8x8xf32>
  %y = graph.matmul %p, %v : (tensor<1x2x8x8xf32>, tensor<1x2x8x3xf32>) -> tensor<1x2x8x3xf32>
  // CHECK-NEXT: %w = graph.constant dense<1.000000e+00> : tensor<6x6xf32>
  // CHECK-NEXT: %[[M:[a-z_0-9]+]] = graph.matmul %x, %w :
  // CHECK-NEXT: %bias = graph.constant dense<2.000000e+00> : tensor<6xf32>
  // CHECK-NEXT: %[[A:[a-z_0-9]+]] = graph.add %[[M]], %bias :
  // CHECK-NEXT: %[[R:[a-z_0-9]+]] = graph.reshape %[[A]] :
  // CHECK-NEXT: %[[Q:[a-z_0-9]+]] = graph.transpose %[[R]] permutation [0, 2, 1, 3] :
  // CHECK-NEXT: %scores = graph.matmul %[[Q]], %k transpose_b :
  // CHECK-NEXT: %p = graph.softmax %scores axis 3 :
  // CHECK-NEXT: %y = graph.matmul %p, %v :
  return %y : tensor<1x2x8x3xf32>
}

// What follows a layer norm is seen when its own numbers are out of the way.
func.func @swish_of_layer_norm(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %g = graph.constant dense<2.0> : tensor<8xf32>
  %b = graph.constant dense<4.0> : tensor<8xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %e = graph.constant dense<0.125> : tensor<f32>
  %m = graph.reduce mean %x axes [1] keep_dims : tensor<2x8xf32> -> tensor<2x1xf32>
  %d = graph.sub %x, %m : (tensor<2x8xf32>, tensor<2x1xf32>) -> tensor<2x8xf32>
  %s = graph.pow %d, %two : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %v = graph.reduce mean %s axes [1] keep_dims : tensor<2x8xf32> -> tensor<2x1xf32>
  %w = graph.add %v, %e : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r = graph.unary sqrt %w : tensor<2x1xf32>
  %n = graph.div %d, %r : (tensor<2x8xf32>, tensor<2x1xf32>) -> tensor<2x8xf32>
  %o = graph.mul %n, %g : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %p = graph.add %o, %b : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  %q = graph.add %p, %three : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %c = graph.clip %q min 0.0 max 6.0 : tensor<2x8xf32>
  %h = graph.div %c, %six : (tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  %y = graph.mul %p, %h : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}
// CHECK-LABEL: func.func @swish_of_layer_norm(
// CHECK: %p = graph.layer_norm %x, %scale, %bias axis 1 epsilon 0.125
// CHECK-NEXT: %y = graph.unary hard_swish %p : tensor<2x8xf32>
// CHECK-NEXT: func.return %y : tensor<2x8xf32>
