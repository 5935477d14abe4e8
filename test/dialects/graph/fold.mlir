// RUN: nopt %s -p canonicalize | filecheck %s
// What folds away: ops that change nothing, and moves of constants.

// CHECK: func.func @nothing(%x: tensor<2x3xi8>) -> (tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>) {
func.func @nothing(%x: tensor<2x3xi8>) -> (tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>) {
  %relu = graph.relu %x : tensor<2x3xi8>
  // CHECK-NEXT: %relu = graph.relu %x : tensor<2x3xi8>
  %again = graph.relu %relu : tensor<2x3xi8>
  %clip = graph.clip %x min -128 max 127 : tensor<2x3xi8>
  %reshape = graph.reshape %x : tensor<2x3xi8> -> tensor<2x3xi8>
  %transpose = graph.transpose %x permutation [0, 1] : tensor<2x3xi8> -> tensor<2x3xi8>
  %requantize = graph.requantize %x shift 0 : tensor<2x3xi8> -> tensor<2x3xi8>
  return %again, %clip, %reshape, %transpose, %requantize : tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>, tensor<2x3xi8>
  // CHECK-NEXT: func.return %relu, %x, %x, %x, %x :
}

// CHECK: func.func @something(
func.func @something(%x: tensor<2x2xi8>) -> (tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>) {
  %clip = graph.clip %x min -128 max 126 : tensor<2x2xi8>
  // CHECK-NEXT: %clip = graph.clip %x min -128 max 126
  %transpose = graph.transpose %x permutation [1, 0] : tensor<2x2xi8> -> tensor<2x2xi8>
  // CHECK-NEXT: %transpose = graph.transpose %x permutation [1, 0]
  %requantize = graph.requantize %x shift dense<[0, 1]> : tensor<2xi32> axis 0 : tensor<2x2xi8> -> tensor<2x2xi8>
  // CHECK-NEXT: %requantize = graph.requantize %x shift dense<[0, 1]> : tensor<2xi32> axis 0
  return %clip, %transpose, %requantize : tensor<2x2xi8>, tensor<2x2xi8>, tensor<2x2xi8>
}

// CHECK: func.func @constants(
func.func @constants() -> (tensor<3x2xi8>, tensor<6xi8>, tensor<3x12xi8>, tensor<36xi8>) {
  %c = graph.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %r = graph.constant dense_resource<w> : tensor<12x3xi8>
  %transposed = graph.transpose %c permutation [1, 0] : tensor<2x3xi8> -> tensor<3x2xi8>
  // CHECK-NEXT: %transposed = graph.constant dense<[[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi8>
  %reshaped = graph.reshape %c : tensor<2x3xi8> -> tensor<6xi8>
  // CHECK-NEXT: %reshaped = graph.constant dense<[1, 2, 3, 4, 5, 6]> : tensor<6xi8>
  %moved = graph.transpose %r permutation [1, 0] : tensor<12x3xi8> -> tensor<3x12xi8>
  // CHECK-NEXT: %moved = graph.constant dense_resource<w_0> : tensor<3x12xi8>
  %flat = graph.reshape %r : tensor<12x3xi8> -> tensor<36xi8>
  // CHECK-NEXT: %flat = graph.constant dense_resource<w> : tensor<36xi8>
  return %transposed, %reshaped, %moved, %flat : tensor<3x2xi8>, tensor<6xi8>, tensor<3x12xi8>, tensor<36xi8>
}
// CHECK: w: "0x01000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
// CHECK-NEXT: w_0: "0x01000000000306090c0f1215181b1e210104070a0d101316191c1f2202050
{-# dialect_resources: { builtin: {
  w: "0x01000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
} } #-}
