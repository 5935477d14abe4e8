// RUN: VERIFY_DIAG
// Every rule of the verifiers, op by op.

func.func @f(%x: tensor<3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op input has rank 3, expected 4 (NCHW)

// -----

func.func @f(%x: tensor<?x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<?x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op input has type tensor<?x3x8x8xi8>, expected static dimensions of at least 1

// -----

func.func @f(%x: i8, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (i8, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op input has type i8, expected a tensor of known rank

// -----

func.func @f(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op weight has element type i8, expected f32 to go with f32

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi64>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi64>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op weight has element type i64, expected i8 or i16 or i32 or f32 or f64

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x27xi8>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xi8>, tensor<4x27xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op weight has rank 2, expected 4 (OIHW)

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x4x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xi8>, tensor<4x4x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op weight has 4 input channels, expected 3 (3 in 1 groups)

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w groups 2 : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op groups is 2, expected a common divisor of 3 input and 4 output channels

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w groups 0 : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op groups is 0, expected a common divisor of 3 input and 4 output channels

// -----

func.func @f(%x: tensor<1x8x8x8xi8>, %w: tensor<4x8x3x3xi8>) {
  %y = graph.conv2d %x, %w groups 4 : (tensor<1x8x8x8xi8>, tensor<4x8x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op weight has 8 input channels, expected 2 (8 in 4 groups)

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w strides [2] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op strides has 1 values, expected 2

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w strides [1, 0] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op strides is [1, 0], expected values of at least 1

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w pads [1, 1] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op pads has 2 values, expected 4

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w pads [1, 1, -1, 1] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op pads is [1, 1, -1, 1], expected values of at least 0

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w dilations [0, 1] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi32>
  return
}
// CHECK: error: 'graph.conv2d' op dilations is [0, 1], expected values of at least 1

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w dilations [1, 4] : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x1xi32>
  return
}
// CHECK: error: 'graph.conv2d' op padded input width is 8, expected at least the kernel's 9

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x8x8xi32>
  return
}
// CHECK: error: 'graph.conv2d' op result has type tensor<1x4x8x8xi32>, expected tensor<1x4x6x6xi32>

// -----

func.func @f(%x: tensor<1x3x8x8xi8>, %w: tensor<4x3x3x3xi8>) {
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xi8>, tensor<4x3x3x3xi8>) -> tensor<1x4x6x6xi8>
  return
}
// CHECK: error: 'graph.conv2d' op result has type tensor<1x4x6x6xi8>, expected tensor<1x4x6x6xi32>

// -----

func.func @f(%x: tensor<4xi8>, %w: tensor<4x2xi8>) {
  %y = graph.matmul %x, %w : (tensor<4xi8>, tensor<4x2xi8>) -> tensor<2xi32>
  return
}
// CHECK: error: 'graph.matmul' op lhs has rank 1, expected at least 2

// -----

func.func @f(%x: tensor<3x4xi8>, %w: tensor<2x4xi8>) {
  %y = graph.matmul %x, %w : (tensor<3x4xi8>, tensor<2x4xi8>) -> tensor<3x2xi32>
  return
}
// CHECK: error: 'graph.matmul' op rhs has inner dimension 2, expected 4 as in lhs

// -----

func.func @f(%x: tensor<3x4xi8>, %w: tensor<4x2xi8>) {
  %y = graph.matmul %x, %w transpose_b : (tensor<3x4xi8>, tensor<4x2xi8>) -> tensor<3x2xi32>
  return
}
// CHECK: error: 'graph.matmul' op rhs has inner dimension 2, expected 4 as in lhs

// -----

func.func @f(%x: tensor<6x3x4xi8>, %w: tensor<5x4x2xi8>) {
  %y = graph.matmul %x, %w : (tensor<6x3x4xi8>, tensor<5x4x2xi8>) -> tensor<6x3x2xi32>
  return
}
// CHECK: error: 'graph.matmul' op rhs has batch dimensions [5], expected [6] as in lhs, or none

// -----

func.func @f(%x: tensor<3x4xi8>, %w: tensor<6x4x2xi8>) {
  %y = graph.matmul %x, %w : (tensor<3x4xi8>, tensor<6x4x2xi8>) -> tensor<6x3x2xi32>
  return
}
// CHECK: error: 'graph.matmul' op rhs has batch dimensions [6], expected [] as in lhs, or none

// -----

func.func @f(%x: tensor<3x4xi8>, %w: tensor<4x2xi8>) {
  %y = graph.matmul %x, %w : (tensor<3x4xi8>, tensor<4x2xi8>) -> tensor<2x3xi32>
  return
}
// CHECK: error: 'graph.matmul' op result has type tensor<2x3xi32>, expected tensor<3x2xi32>

// -----

func.func @f(%x: tensor<2x3xi32>, %w: tensor<2xi32>) {
  %y = graph.add %x, %w : (tensor<2x3xi32>, tensor<2xi32>) -> tensor<2x3xi32>
  return
}
// CHECK: error: 'graph.add' op rhs has shape [2], expected one that broadcasts with [2, 3]

// -----

func.func @f(%x: tensor<2xi32>, %w: tensor<2xi8>) {
  %y = graph.add %x, %w : (tensor<2xi32>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.add' op lhs has element type i32, expected i8 to give i8

// -----

func.func @f(%x: tensor<2xf32>, %w: tensor<2xi32>) {
  %y = graph.add %x, %w : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}
// CHECK: error: 'graph.add' op rhs has element type i32, expected f32 to give f32

// -----

func.func @f(%x: tensor<2xi1>, %w: tensor<2xi8>) {
  %y = graph.add %x, %w : (tensor<2xi1>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.add' op lhs has element type i1, expected i8 or i16 or i32 or i64 or f32 or f64

// -----

func.func @f(%x: tensor<2xi8>, %w: tensor<2xi8>) {
  %y = graph.add %x, %w : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi24>
  return
}
// CHECK: error: 'graph.add' op result has element type i24, expected i8 or i16 or i32 or i64 or f32 or f64

// -----

func.func @f(%x: tensor<2x1xi8>, %w: tensor<3xi8>) {
  %y = graph.add %x, %w : (tensor<2x1xi8>, tensor<3xi8>) -> tensor<2x1xi8>
  return
}
// CHECK: error: 'graph.add' op result has type tensor<2x1xi8>, expected tensor<2x3xi8>

// -----

func.func @f(%x: tensor<2x?xi8>) {
  %y = graph.relu %x : tensor<2x?xi8>
  return
}
// CHECK: error: 'graph.relu' op input has type tensor<2x?xi8>, expected static dimensions of at least 1

// -----

func.func @f(%x: tensor<2xi8>) {
  %y = graph.clip %x min 0 max 128 : tensor<2xi8>
  return
}
// CHECK: error: 'graph.clip' op max is 128, expected -128 to 127 as i8 holds

// -----

func.func @f(%x: tensor<2xi8>) {
  %y = graph.clip %x min -129 max 0 : tensor<2xi8>
  return
}
// CHECK: error: 'graph.clip' op min is -129, expected -128 to 127 as i8 holds

// -----

func.func @f(%x: tensor<2xi8>) {
  %y = graph.clip %x min 5 max 4 : tensor<2xi8>
  return
}
// CHECK: error: 'graph.clip' op min is 5, expected at most max, 4

// -----

func.func @f(%x: tensor<2xi1>) {
  %y = graph.clip %x min 0 max 6 : tensor<2xi1>
  return
}
// CHECK: error: 'graph.clip' op input has element type i1, expected i8 or i16 or i32 or i64 or f32 or f64

// -----

func.func @f(%x: tensor<3x8x8xi8>) {
  %y = graph.max_pool %x kernel [3, 3] : tensor<3x8x8xi8> -> tensor<3x6x6xi8>
  return
}
// CHECK: error: 'graph.max_pool' op input has rank 3, expected 4 (NCHW)

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.max_pool %x kernel [3] : tensor<1x3x8x8xi8> -> tensor<1x3x6x6xi8>
  return
}
// CHECK: error: 'graph.max_pool' op kernel has 1 values, expected 2

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.max_pool %x kernel [2, 2] pads [0, 2, 0, 0] : tensor<1x3x8x8xi8> -> tensor<1x3x7x9xi8>
  return
}
// CHECK: error: 'graph.max_pool' op pads is [0, 2, 0, 0], expected less than the kernel [2, 2] on each side

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.max_pool %x kernel [9, 1] : tensor<1x3x8x8xi8> -> tensor<1x3x1x8xi8>
  return
}
// CHECK: error: 'graph.max_pool' op padded input height is 8, expected at least the kernel's 9

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.max_pool %x kernel [2, 2] strides [2, 2] : tensor<1x3x8x8xi8> -> tensor<1x3x4x5xi8>
  return
}
// CHECK: error: 'graph.max_pool' op result has type tensor<1x3x4x5xi8>, expected tensor<1x3x4x4xi8>

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.avg_pool %x kernel [0, 2] : tensor<1x3x8x8xi8> -> tensor<1x3x8x7xi8>
  return
}
// CHECK: error: 'graph.avg_pool' op kernel is [0, 2], expected values of at least 1

// -----

func.func @f(%x: tensor<1x3x8x8xi64>) {
  %y = graph.avg_pool %x kernel [2, 2] : tensor<1x3x8x8xi64> -> tensor<1x3x7x7xi64>
  return
}
// CHECK: error: 'graph.avg_pool' op input has element type i64, expected i8 or i16 or i32 or f32 or f64

// -----

func.func @f(%x: tensor<1x3x8xi8>) {
  %y = graph.global_avg_pool %x : tensor<1x3x8xi8> -> tensor<1x3x1xi8>
  return
}
// CHECK: error: 'graph.global_avg_pool' op input has rank 3, expected 4 (NCHW)

// -----

func.func @f(%x: tensor<1x3x8x8xi8>) {
  %y = graph.global_avg_pool %x : tensor<1x3x8x8xi8> -> tensor<1x3xi8>
  return
}
// CHECK: error: 'graph.global_avg_pool' op result has type tensor<1x3xi8>, expected tensor<1x3x1x1xi8>

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.reshape %x : tensor<2x3xi8> -> tensor<7xi8>
  return
}
// CHECK: error: 'graph.reshape' op result has 7 elements, expected 6 as in the input

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.reshape %x : tensor<2x3xi8> -> tensor<?xi8>
  return
}
// CHECK: error: 'graph.reshape' op result has type tensor<?xi8>, expected static dimensions of at least 1

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.reshape %x : tensor<2x3xi8> -> tensor<6xi16>
  return
}
// CHECK: error: 'graph.reshape' op result has type tensor<6xi16>, expected tensor<6xi8>

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.transpose %x permutation [0, 2] : tensor<2x3xi8> -> tensor<3x2xi8>
  return
}
// CHECK: error: 'graph.transpose' op permutation is [0, 2], expected each of 0 to 1 once

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.transpose %x permutation [0] : tensor<2x3xi8> -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.transpose' op permutation is [0], expected each of 0 to 1 once

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %y = graph.transpose %x permutation [1, 0] : tensor<2x3xi8> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.transpose' op result has type tensor<2x3xi8>, expected tensor<3x2xi8>

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift 32 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op shift is 32, expected 0 to 31

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x multiplier 5 shift 0 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op shift is 0, expected 1 to 62

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x multiplier 5 shift 63 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op shift is 63, expected 1 to 62

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x multiplier 0 shift 3 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op multiplier is 0, expected 1 to 2147483647

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x multiplier dense<[1, 0, 2]> : tensor<3xi32> shift 3 axis 1 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op multiplier is 0, expected 1 to 2147483647

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x multiplier dense<1> : tensor<2xi32> shift 3 axis 1 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op multiplier has type tensor<2xi32>, expected tensor<3xi32>

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift dense<1> : tensor<3xi64> axis 1 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op shift has type tensor<3xi64>, expected tensor<3xi32>

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift dense<1> : tensor<3xi32> : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op axis is missing, expected 0 to 1 for a vector

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift dense<1> : tensor<3xi32> axis 2 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op axis is 2, expected 0 to 1

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift 1 axis 1 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op axis is given, expected no axis without a vector

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift dense_resource<none> : tensor<3xi32> axis 1 : tensor<2x3xi32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op shift: resource 'none' is missing, expected its bytes in the file's metadata

// -----

func.func @f(%x: tensor<2x3xi64>) {
  %y = graph.requantize %x shift 1 : tensor<2x3xi64> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.requantize' op input has element type i64, expected i8 or i16 or i32

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift 1 : tensor<2x3xi32> -> tensor<2x3xi64>
  return
}
// CHECK: error: 'graph.requantize' op result has element type i64, expected i8 or i16 or i32

// -----

func.func @f(%x: tensor<2x3xi32>) {
  %y = graph.requantize %x shift 1 : tensor<2x3xi32> -> tensor<3x2xi8>
  return
}
// CHECK: error: 'graph.requantize' op result has type tensor<3x2xi8>, expected tensor<2x3xi8>

// -----

func.func @f() {
  %c = graph.constant dense_resource<nothing> : tensor<2xi8>
  return
}
// CHECK: error: 'graph.constant' op resource 'nothing' is missing, expected its bytes in the file's metadata
