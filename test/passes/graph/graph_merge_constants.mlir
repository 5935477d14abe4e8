// RUN: nopt %s -p graph-merge-constants | filecheck %s

// CHECK: func.func @merged(
func.func @merged(%x: tensor<1x2x3x3xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) {
  %b = graph.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %0 = graph.add %x, %b : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  %1 = graph.mul %0, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  %normed = graph.sub %1, %three : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  // CHECK-NEXT: %scale = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[2.000000e+00]], [[4.000000e+00]]]> : tensor<2x1x1xf32>
  // CHECK-NEXT: %normed_mul = graph.mul %x, %scale
  // CHECK-NEXT: %bias = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[-1.000000e+00]], [[5.000000e+00]]]> : tensor<2x1x1xf32>
  // CHECK-NEXT: %normed = graph.add %normed_mul, %bias
  %third = graph.div %x, %three : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  // CHECK-NEXT: %scale_1 = graph.constant dense_resource<scale> : tensor<f32>
  // CHECK-NEXT: %third = graph.mul %x, %scale_1
  %2 = graph.unary neg %x : tensor<1x2x3x3xf32>
  %3 = graph.sub %three, %2 : (tensor<f32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %4 = graph.sub %3, %three : (tensor<1x2x3x3xf32>, tensor<f32>) -> tensor<1x2x3x3xf32>
  // CHECK-NEXT: func.return %normed, %third, %x
  return %normed, %third, %4 : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>
}

// What others read, what grows, what divides a constant, and what is merged already.
// CHECK: func.func @kept(
func.func @kept(%x: tensor<4x4xf32>, %i: tensor<2x2xi32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<2x2xi32>) {
  %s = graph.constant dense<[2.0, 4.0, 8.0, 16.0]> : tensor<4xf32>
  %t = graph.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %n = graph.constant dense<3> : tensor<i32>
  // CHECK: %m = graph.mul %x, %s
  // CHECK-NEXT: %a = graph.add %m, %three
  // CHECK-NEXT: %b = graph.mul %a, %three
  // CHECK-NEXT: %c = graph.mul %x, %s
  // CHECK-NEXT: %d = graph.mul %c, %t
  // CHECK-NEXT: %e = graph.add %x, %three
  // CHECK-NEXT: %f = graph.div %three, %e
  // CHECK-NEXT: %g = graph.mul %x, %s
  // CHECK-NEXT: %h = graph.add %g, %t
  // CHECK-NEXT: %j = graph.sub %i, %n
  // CHECK-NEXT: %k = graph.mul %j, %n
  %m = graph.mul %x, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %a = graph.add %m, %three : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %b = graph.mul %a, %three : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %c = graph.mul %x, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %d = graph.mul %c, %t : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %e = graph.add %x, %three : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %f = graph.div %three, %e : (tensor<f32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %g = graph.mul %x, %s : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %h = graph.add %g, %t : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  %j = graph.sub %i, %n : (tensor<2x2xi32>, tensor<i32>) -> tensor<2x2xi32>
  %k = graph.mul %j, %n : (tensor<2x2xi32>, tensor<i32>) -> tensor<2x2xi32>
  return %a, %b, %d, %f, %h, %k : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<2x2xi32>
}
