// RUN: nopt %s -p graph-hoist-scale | filecheck %s

// The scale of attention scores reaches the queries.
// CHECK: func.func @scores(
func.func @scores(%x: tensor<8x6xf32>, %k: tensor<2x8x3xf32>) -> tensor<2x8x8xf32> {
  %w = graph.constant dense<0.25> : tensor<6x6xf32>
  %b = graph.constant dense<1.0> : tensor<6xf32>
  %c = graph.constant dense<0.5> : tensor<1x1x1xf32>
  %product = graph.matmul %x, %w : (tensor<8x6xf32>, tensor<6x6xf32>) -> tensor<8x6xf32>
  %query = graph.add %product, %b : (tensor<8x6xf32>, tensor<6xf32>) -> tensor<8x6xf32>
  %split = graph.reshape %query : tensor<8x6xf32> -> tensor<8x2x3xf32>
  %q = graph.transpose %split permutation [1, 0, 2] : tensor<8x2x3xf32> -> tensor<2x8x3xf32>
  %plain = graph.matmul %q, %k transpose_b : (tensor<2x8x3xf32>, tensor<2x8x3xf32>) -> tensor<2x8x8xf32>
  %scores = graph.mul %plain, %c : (tensor<2x8x8xf32>, tensor<1x1x1xf32>) -> tensor<2x8x8xf32>
  // CHECK: %query = graph.add %product, %b
  // CHECK-NEXT: %c = graph.constant dense<5.000000e-01> : tensor<f32>
  // CHECK-NEXT: %query_scaled = graph.mul %query, %c
  // CHECK-NEXT: %split_scaled = graph.reshape %query_scaled
  // CHECK-NEXT: %q_scaled = graph.transpose %split_scaled
  // CHECK-NEXT: %scores = graph.matmul %q_scaled, %k transpose_b
  return %scores : tensor<2x8x8xf32>
}

// Nothing there takes a scale, or it is not one number.
// CHECK: func.func @kept(
func.func @kept(%x: tensor<8x6xf32>) -> (tensor<6x8xf32>, tensor<6x8xf32>) {
  %c = graph.constant dense<0.5> : tensor<f32>
  %v = graph.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %w = graph.constant dense<0.25> : tensor<6x6xf32>
  %relu = graph.relu %x : tensor<8x6xf32>
  %0 = graph.transpose %relu permutation [1, 0] : tensor<8x6xf32> -> tensor<6x8xf32>
  %a = graph.mul %0, %c : (tensor<6x8xf32>, tensor<f32>) -> tensor<6x8xf32>
  // CHECK: %a = graph.mul %0, %c
  %1 = graph.matmul %x, %w : (tensor<8x6xf32>, tensor<6x6xf32>) -> tensor<8x6xf32>
  %2 = graph.transpose %1 permutation [1, 0] : tensor<8x6xf32> -> tensor<6x8xf32>
  %b = graph.mul %2, %v : (tensor<6x8xf32>, tensor<8xf32>) -> tensor<6x8xf32>
  // CHECK: %b = graph.mul %2, %v
  return %a, %b : tensor<6x8xf32>, tensor<6x8xf32>
}
