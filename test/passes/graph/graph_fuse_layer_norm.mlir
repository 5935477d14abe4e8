// RUN: nopt %s -p graph-fuse-layer-norm | filecheck %s

// CHECK: func.func @exported(
func.func @exported(%x: tensor<2x4x3xf32>) -> tensor<2x4x3xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %eps = graph.constant dense<1.0e-12> : tensor<f32>
  %gamma = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %beta = graph.constant dense<[[0.5, 0.0, -0.5]]> : tensor<1x3xf32>
  %mean = graph.reduce mean %x axes [2] keep_dims : tensor<2x4x3xf32> -> tensor<2x4x1xf32>
  %d = graph.sub %x, %mean : (tensor<2x4x3xf32>, tensor<2x4x1xf32>) -> tensor<2x4x3xf32>
  %p = graph.pow %d, %two : (tensor<2x4x3xf32>, tensor<f32>) -> tensor<2x4x3xf32>
  %v = graph.reduce mean %p axes [2] keep_dims : tensor<2x4x3xf32> -> tensor<2x4x1xf32>
  %a = graph.add %v, %eps : (tensor<2x4x1xf32>, tensor<f32>) -> tensor<2x4x1xf32>
  %s = graph.unary sqrt %a : tensor<2x4x1xf32>
  %n = graph.div %d, %s : (tensor<2x4x3xf32>, tensor<2x4x1xf32>) -> tensor<2x4x3xf32>
  %m = graph.mul %n, %gamma : (tensor<2x4x3xf32>, tensor<3xf32>) -> tensor<2x4x3xf32>
  %y = graph.add %m, %beta : (tensor<2x4x3xf32>, tensor<1x3xf32>) -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
  // CHECK-NEXT: %scale = graph.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>
  // CHECK-NEXT: %bias = graph.constant dense<[5.000000e-01, 0.000000e+00, -5.000000e-01]> : tensor<3xf32>
  // CHECK-NEXT: %y = graph.layer_norm %x, %scale, %bias axis 2 epsilon 1.0e-12 :
  // CHECK-NEXT: func.return %y
}

// The deviation's reciprocal; a norm that is read twice keeps what follows.
// CHECK: func.func @reciprocal(
func.func @reciprocal(%x: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %eps = graph.constant dense<0.5> : tensor<f32>
  %gamma = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %mean = graph.reduce mean %x axes [1] keep_dims : tensor<4x3xf32> -> tensor<4x1xf32>
  %d = graph.sub %x, %mean : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  %p = graph.mul %d, %d : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %v = graph.reduce mean %p axes [1] keep_dims : tensor<4x3xf32> -> tensor<4x1xf32>
  %a = graph.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %s = graph.unary sqrt %a : tensor<4x1xf32>
  %r = graph.unary reciprocal %s : tensor<4x1xf32>
  %n = graph.mul %d, %r : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  // CHECK: %n = graph.layer_norm %x, %scale, %bias axis 1 epsilon 0.5 :
  %y = graph.mul %n, %gamma : (tensor<4x3xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  // CHECK-NEXT: %y = graph.mul %n, %gamma
  return %n, %y : tensor<4x3xf32>, tensor<4x3xf32>
}

// The mean over another axis than the variance; a batch's statistics.
// CHECK: func.func @others(
func.func @others(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %eps = graph.constant dense<0.5> : tensor<f32>
  %mean = graph.reduce mean %x axes [0] keep_dims : tensor<4x4xf32> -> tensor<1x4xf32>
  %d = graph.sub %x, %mean : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  %p = graph.mul %d, %d : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %v = graph.reduce mean %p axes [1] keep_dims : tensor<4x4xf32> -> tensor<4x1xf32>
  %a = graph.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %s = graph.unary sqrt %a : tensor<4x1xf32>
  %n = graph.div %d, %s : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32>
  // CHECK: %n = graph.div %d, %s
  %w = graph.reduce mean %p axes [0] keep_dims : tensor<4x4xf32> -> tensor<1x4xf32>
  %b = graph.add %w, %eps : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  %t = graph.unary sqrt %b : tensor<1x4xf32>
  %m = graph.div %d, %t : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  // CHECK: %m = graph.div %d, %t
  return %n, %m : tensor<4x4xf32>, tensor<4x4xf32>
}
