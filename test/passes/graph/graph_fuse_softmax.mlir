// RUN: nopt %s -p graph-fuse-softmax | filecheck %s

// CHECK: func.func @softmax(
func.func @softmax(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %m = graph.reduce max %x axes [1] keep_dims : tensor<2x3xf32> -> tensor<2x1xf32>
  // CHECK-NEXT: %m = graph.reduce max %x axes [1]
  %d = graph.sub %x, %m : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %d = graph.sub %x, %m
  %e = graph.unary exp %d : tensor<2x3xf32>
  // CHECK-NEXT: %e = graph.unary exp %d
  %s = graph.reduce sum %e axes [1] keep_dims : tensor<2x3xf32> -> tensor<2x1xf32>
  %stable = graph.div %e, %s : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %stable = graph.softmax %x axis 1
  %p = graph.unary exp %x : tensor<2x3xf32>
  %t = graph.reduce sum %p axes [0] keep_dims : tensor<2x3xf32> -> tensor<1x3xf32>
  %plain = graph.div %p, %t : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %plain = graph.softmax %x axis 0
  %u = graph.reduce sum %e axes [0] keep_dims : tensor<2x3xf32> -> tensor<1x3xf32>
  %shifted = graph.div %e, %u : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %shifted = graph.softmax %d axis 0
  %v = graph.reduce sum %x axes [1] keep_dims : tensor<2x3xf32> -> tensor<2x1xf32>
  %other = graph.div %e, %v : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %v = graph.reduce sum %x
  // CHECK-NEXT: %other = graph.div %e, %v
  return %stable, %plain, %shifted, %other : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}
