// RUN: nopt %s -p convert-graph-to-affine-nest | filecheck %s
// One nest for each graph op; constants stay.

// Strides, pads, dilations and groups are in the index map.
func.func @conv2d(%x: tensor<2x4x9x7xi8>, %w: tensor<6x2x3x3xi8>) -> tensor<2x6x4x5xi32> {
  %y = graph.conv2d %x, %w strides [2, 1] pads [1, 2, 0, 0] dilations [1, 2] groups 2 : (tensor<2x4x9x7xi8>, tensor<6x2x3x3xi8>) -> tensor<2x6x4x5xi32>
  return %y : tensor<2x6x4x5xi32>
}
// CHECK-LABEL: func.func @conv2d(
// CHECK-NEXT: %y = affine_nest.for (%n, %o, %h, %w_1) = (2, 6, 4, 5) reduce (%i, %kh, %kw) = (2, 3, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%n, (%o floordiv 3) * 2 + %i, %h * 2 + %kh - 1, %w_1 + %kw * 2 - 2] pad 0 : tensor<2x4x9x7xi8>
// CHECK-NEXT: %w_2 = affine_nest.load %w[%o, %i, %kh, %kw] : tensor<6x2x3x3xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_2 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<2x6x4x5xi32>
// CHECK-NEXT: func.return %y : tensor<2x6x4x5xi32>

// A depthwise convolution has no channel to sum over.
func.func @depthwise(%x: tensor<1x6x4x4xi8>, %w: tensor<6x1x3x3xi8>) -> tensor<1x6x4x4xi32> {
  %y = graph.conv2d %x, %w pads [1, 1, 1, 1] groups 6 : (tensor<1x6x4x4xi8>, tensor<6x1x3x3xi8>) -> tensor<1x6x4x4xi32>
  return %y : tensor<1x6x4x4xi32>
}
// CHECK-LABEL: func.func @depthwise(
// CHECK-NEXT: %y = affine_nest.for (%n, %o, %h, %w_1) = (1, 6, 4, 4) reduce (%i, %kh, %kw) = (1, 3, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %o, %h + %kh - 1, %w_1 + %kw - 1] pad 0 : tensor<1x6x4x4xi8>
// CHECK-NEXT: %w_2 = affine_nest.load %w[%o, 0, %kh, %kw] : tensor<6x1x3x3xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %w_2 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<1x6x4x4xi32>
// CHECK-NEXT: func.return %y : tensor<1x6x4x4xi32>

func.func @matmul(%a: tensor<6x8x5xi8>, %b: tensor<8x7xi8>) -> tensor<6x5x7xi32> {
  %y = graph.matmul %a, %b transpose_a : (tensor<6x8x5xi8>, tensor<8x7xi8>) -> tensor<6x5x7xi32>
  return %y : tensor<6x5x7xi32>
}
// CHECK-LABEL: func.func @matmul(
// CHECK-NEXT: %y = affine_nest.for (%b0, %m, %n) = (6, 5, 7) reduce (%k) = (8) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%b0, %k, %m] : tensor<6x8x5xi8>
// CHECK-NEXT: %b_1 = affine_nest.load %b[%k, %n] : tensor<8x7xi8>
// CHECK-NEXT: %0 = arith.extsi %a_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %b_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<6x5x7xi32>
// CHECK-NEXT: func.return %y : tensor<6x5x7xi32>

func.func @matmul_transpose_b(%a: tensor<6x5x8xi8>, %b: tensor<6x7x8xi8>) -> tensor<6x5x7xi32> {
  %y = graph.matmul %a, %b transpose_b : (tensor<6x5x8xi8>, tensor<6x7x8xi8>) -> tensor<6x5x7xi32>
  return %y : tensor<6x5x7xi32>
}
// CHECK-LABEL: func.func @matmul_transpose_b(
// CHECK-NEXT: %y = affine_nest.for (%b0, %m, %n) = (6, 5, 7) reduce (%k) = (8) {
// CHECK-NEXT: %a_1 = affine_nest.load %a[%b0, %m, %k] : tensor<6x5x8xi8>
// CHECK-NEXT: %b_1 = affine_nest.load %b[%b0, %n, %k] : tensor<6x7x8xi8>
// CHECK-NEXT: %0 = arith.extsi %a_1 : i8 to i32
// CHECK-NEXT: %1 = arith.extsi %b_1 : i8 to i32
// CHECK-NEXT: %2 = arith.muli %0, %1 : i32
// CHECK-NEXT: %3 = affine_nest.reduce add %2 : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<6x5x7xi32>
// CHECK-NEXT: func.return %y : tensor<6x5x7xi32>

// Broadcasts read index 0; operands are widened to the result's type.
func.func @add(%x: tensor<2x3x1xi8>, %y: tensor<3x4xi32>) -> tensor<2x3x4xi32> {
  %z = graph.add %x, %y : (tensor<2x3x1xi8>, tensor<3x4xi32>) -> tensor<2x3x4xi32>
  return %z : tensor<2x3x4xi32>
}
// CHECK-LABEL: func.func @add(
// CHECK-NEXT: %z = affine_nest.for (%i0, %i1, %i2) = (2, 3, 4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1, 0] : tensor<2x3x1xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i1, %i2] : tensor<3x4xi32>
// CHECK-NEXT: %1 = arith.addi %0, %y_1 : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<2x3x4xi32>
// CHECK-NEXT: func.return %z : tensor<2x3x4xi32>

func.func @float(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = graph.add %x, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %z = graph.relu %y : tensor<3xf32>
  return %z : tensor<3xf32>
}
// CHECK-LABEL: func.func @float(
// CHECK-NEXT: %y = affine_nest.for (%i0) = (3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<3xf32>
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0] : tensor<3xf32>
// CHECK-NEXT: %0 = arith.addf %x_1, %x_2 : f32
// CHECK-NEXT: affine_nest.yield %0 : f32
// CHECK-NEXT: } : tensor<3xf32>
// CHECK-NEXT: %z = affine_nest.for (%i0_1) = (3) {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i0_1] : tensor<3xf32>
// CHECK-NEXT: %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT: %2 = arith.maximumf %y_1, %1 : f32
// CHECK-NEXT: affine_nest.yield %2 : f32
// CHECK-NEXT: } : tensor<3xf32>
// CHECK-NEXT: func.return %z : tensor<3xf32>

func.func @clips(%x: tensor<3xi8>) -> tensor<3xi8> {
  %y = graph.relu %x : tensor<3xi8>
  %z = graph.clip %y min -5 max 100 : tensor<3xi8>
  return %z : tensor<3xi8>
}
// CHECK-LABEL: func.func @clips(
// CHECK-NEXT: %y = affine_nest.for (%i0) = (3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<3xi8>
// CHECK-NEXT: %0 = arith.constant 0 : i8
// CHECK-NEXT: %1 = arith.maxsi %x_1, %0 : i8
// CHECK-NEXT: affine_nest.yield %1 : i8
// CHECK-NEXT: } : tensor<3xi8>
// CHECK-NEXT: %z = affine_nest.for (%i0_1) = (3) {
// CHECK-NEXT: %y_1 = affine_nest.load %y[%i0_1] : tensor<3xi8>
// CHECK-NEXT: %2 = arith.constant -5 : i8
// CHECK-NEXT: %3 = arith.maxsi %y_1, %2 : i8
// CHECK-NEXT: %4 = arith.constant 100 : i8
// CHECK-NEXT: %5 = arith.minsi %3, %4 : i8
// CHECK-NEXT: affine_nest.yield %5 : i8
// CHECK-NEXT: } : tensor<3xi8>
// CHECK-NEXT: func.return %z : tensor<3xi8>

// The padding of a maximum is the smallest value; there is none where no window leaves the image.
func.func @max_pool(%x: tensor<1x3x6x6xi8>) -> tensor<1x3x3x3xi8> {
  %y = graph.max_pool %x kernel [3, 2] strides [2, 2] pads [1, 0, 0, 0] : tensor<1x3x6x6xi8> -> tensor<1x3x3x3xi8>
  return %y : tensor<1x3x3x3xi8>
}
// CHECK-LABEL: func.func @max_pool(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w) = (1, 3, 3, 3) reduce (%kh, %kw) = (3, 2) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %c, %h * 2 + %kh - 1, %w * 2 + %kw] pad -128 : tensor<1x3x6x6xi8>
// CHECK-NEXT: %0 = affine_nest.reduce max %x_1 : i8
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<1x3x3x3xi8>
// CHECK-NEXT: func.return %y : tensor<1x3x3x3xi8>

func.func @float_max_pool(%x: tensor<1x3x6x6xf32>) -> tensor<1x3x6x6xf32> {
  %y = graph.max_pool %x kernel [2, 1] pads [1, 0, 0, 0] : tensor<1x3x6x6xf32> -> tensor<1x3x6x6xf32>
  return %y : tensor<1x3x6x6xf32>
}
// CHECK-LABEL: func.func @float_max_pool(
// CHECK: affine_nest.load %x[0, %c, %h + %kh - 1, %w] pad -inf : tensor<1x3x6x6xf32>

// The mean of 2^n elements is a rounded shift.
func.func @avg_pool(%x: tensor<1x3x6x6xi8>) -> tensor<1x3x3x3xi8> {
  %y = graph.avg_pool %x kernel [2, 2] strides [2, 2] : tensor<1x3x6x6xi8> -> tensor<1x3x3x3xi8>
  return %y : tensor<1x3x3x3xi8>
}
// CHECK-LABEL: func.func @avg_pool(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w) = (1, 3, 3, 3) reduce (%kh, %kw) = (2, 2) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %c, %h * 2 + %kh, %w * 2 + %kw] : tensor<1x3x6x6xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = affine_nest.reduce add %0 : i32
// CHECK-NEXT: %2 = arith.constant 1 : i32
// CHECK-NEXT: %3 = arith.shrsi %1, %2 : i32
// CHECK-NEXT: %4 = arith.constant 1 : i32
// CHECK-NEXT: %5 = arith.addi %3, %4 : i32
// CHECK-NEXT: %6 = arith.constant 1 : i32
// CHECK-NEXT: %7 = arith.shrsi %5, %6 : i32
// CHECK-NEXT: %8 = arith.trunci %7 : i32 to i8
// CHECK-NEXT: affine_nest.yield %8 : i8
// CHECK-NEXT: } : tensor<1x3x3x3xi8>
// CHECK-NEXT: func.return %y : tensor<1x3x3x3xi8>

// Of others, a multiplication and a shift that are exact for every sum; sums that may exceed i32 are
// made in i64.
func.func @global_avg_pool(%x: tensor<1x3x3x3xi8>, %y: tensor<1x3x2x1xi32>) -> (tensor<1x3x1x1xi8>, tensor<1x3x1x1xi32>) {
  %z = graph.global_avg_pool %x : tensor<1x3x3x3xi8> -> tensor<1x3x1x1xi8>
  %w = graph.global_avg_pool %y : tensor<1x3x2x1xi32> -> tensor<1x3x1x1xi32>
  return %z, %w : tensor<1x3x1x1xi8>, tensor<1x3x1x1xi32>
}
// CHECK-LABEL: func.func @global_avg_pool(
// CHECK-NEXT: %z = affine_nest.for (%n, %c, %h, %w) = (1, 3, 1, 1) reduce (%kh, %kw) = (3, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %c, %kh, %kw] : tensor<1x3x3x3xi8>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i8 to i32
// CHECK-NEXT: %1 = affine_nest.reduce add %0 : i32
// CHECK-NEXT: %2 = arith.constant 3641 : i32
// CHECK-NEXT: %3 = arith.muli %1, %2 : i32
// CHECK-NEXT: %4 = arith.constant 16512 : i32
// CHECK-NEXT: %5 = arith.addi %3, %4 : i32
// CHECK-NEXT: %6 = arith.constant 15 : i32
// CHECK-NEXT: %7 = arith.shrsi %5, %6 : i32
// CHECK-NEXT: %8 = arith.trunci %7 : i32 to i8
// CHECK-NEXT: affine_nest.yield %8 : i8
// CHECK-NEXT: } : tensor<1x3x1x1xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%n_1, %c_1, %h_1, %w_2) = (1, 3, 1, 1) reduce (%kh_1, %kw_1) = (2, 1) {
// CHECK-NEXT: %y_1 = affine_nest.load %y[0, %c_1, %kh_1, 0] : tensor<1x3x2x1xi32>
// CHECK-NEXT: %9 = arith.extsi %y_1 : i32 to i64
// CHECK-NEXT: %10 = affine_nest.reduce add %9 : i64
// CHECK-NEXT: %11 = arith.constant 1 : i64
// CHECK-NEXT: %12 = arith.addi %10, %11 : i64
// CHECK-NEXT: %13 = arith.constant 1 : i64
// CHECK-NEXT: %14 = arith.shrsi %12, %13 : i64
// CHECK-NEXT: %15 = arith.trunci %14 : i64 to i32
// CHECK-NEXT: affine_nest.yield %15 : i32
// CHECK-NEXT: } : tensor<1x3x1x1xi32>
// CHECK-NEXT: func.return %z, %w_1 : tensor<1x3x1x1xi8>, tensor<1x3x1x1xi32>

// Where no multiplier is exact in 32 bits, a power of two is divided by first: 784 is 16 * 49.
func.func @large_mean(%x: tensor<1x3x28x28xi8>) -> tensor<1x3x1x1xi8> {
  %y = graph.global_avg_pool %x : tensor<1x3x28x28xi8> -> tensor<1x3x1x1xi8>
  return %y : tensor<1x3x1x1xi8>
}
// CHECK-LABEL: func.func @large_mean(
// CHECK: %[[SUM:.*]] = affine_nest.reduce add %{{.*}} : i32
// CHECK-NEXT: %[[HALF:.*]] = arith.constant 392 : i32
// CHECK-NEXT: %[[ROUNDED:.*]] = arith.addi %[[SUM]], %[[HALF]] : i32
// CHECK-NEXT: %[[POWER:.*]] = arith.constant 4 : i32
// CHECK-NEXT: %[[SMALL:.*]] = arith.shrsi %[[ROUNDED]], %[[POWER]] : i32
// CHECK-NEXT: %[[MULTIPLIER:.*]] = arith.constant {{.*}} : i32
// CHECK-NEXT: arith.muli %[[SMALL]], %[[MULTIPLIER]] : i32

// Where that is not enough, a division.
func.func @odd_mean(%x: tensor<1x3x27x29xi8>) -> tensor<1x3x1x1xi8> {
  %y = graph.global_avg_pool %x : tensor<1x3x27x29xi8> -> tensor<1x3x1x1xi8>
  return %y : tensor<1x3x1x1xi8>
}
// CHECK-LABEL: func.func @odd_mean(
// CHECK: %[[SUM:.*]] = affine_nest.reduce add %{{.*}} : i32
// CHECK-NEXT: %[[WIDE:.*]] = arith.extsi %[[SUM]] : i32 to i64
// CHECK-NEXT: %[[TWO:.*]] = arith.constant 2 : i64
// CHECK-NEXT: %[[DOUBLED:.*]] = arith.muli %[[WIDE]], %[[TWO]] : i64
// CHECK-NEXT: %[[COUNT:.*]] = arith.constant 783 : i64
// CHECK-NEXT: %[[ADDED:.*]] = arith.addi %[[DOUBLED]], %[[COUNT]] : i64
// CHECK-NEXT: %[[TWICE:.*]] = arith.constant 1566 : i64
// CHECK-NEXT: arith.floordivsi %[[ADDED]], %[[TWICE]] : i64

func.func @reshape(%x: tensor<1x32x2x2xi8>) -> tensor<1x128xi8> {
  %y = graph.reshape %x : tensor<1x32x2x2xi8> -> tensor<1x128xi8>
  return %y : tensor<1x128xi8>
}
// CHECK-LABEL: func.func @reshape(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (1, 128) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %i1 floordiv 4, (%i1 floordiv 2) mod 2, %i1 mod 2] : tensor<1x32x2x2xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<1x128xi8>
// CHECK-NEXT: func.return %y : tensor<1x128xi8>

func.func @transpose(%x: tensor<2x3x4xi8>) -> tensor<4x2x3xi8> {
  %y = graph.transpose %x permutation [2, 0, 1] : tensor<2x3x4xi8> -> tensor<4x2x3xi8>
  return %y : tensor<4x2x3xi8>
}
// CHECK-LABEL: func.func @transpose(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1, %i2) = (4, 2, 3) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i1, %i2, %i0] : tensor<2x3x4xi8>
// CHECK-NEXT: affine_nest.yield %x_1 : i8
// CHECK-NEXT: } : tensor<4x2x3xi8>
// CHECK-NEXT: func.return %y : tensor<4x2x3xi8>

// A shift stays in 32 bits: halving before the rounding bit is added keeps the sum from wrapping.
func.func @shift(%x: tensor<4xi32>) -> (tensor<4xi8>, tensor<4xi16>) {
  %y = graph.requantize %x shift 7 : tensor<4xi32> -> tensor<4xi8>
  %z = graph.requantize %x shift 0 : tensor<4xi32> -> tensor<4xi16>
  return %y, %z : tensor<4xi8>, tensor<4xi16>
}
// CHECK-LABEL: func.func @shift(
// CHECK-NEXT: %y = affine_nest.for (%i0) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<4xi32>
// CHECK-NEXT: %0 = arith.constant 6 : i32
// CHECK-NEXT: %1 = arith.shrsi %x_1, %0 : i32
// CHECK-NEXT: %2 = arith.constant 1 : i32
// CHECK-NEXT: %3 = arith.addi %1, %2 : i32
// CHECK-NEXT: %4 = arith.constant 1 : i32
// CHECK-NEXT: %5 = arith.shrsi %3, %4 : i32
// CHECK-NEXT: %6 = arith.constant -128 : i32
// CHECK-NEXT: %7 = arith.maxsi %5, %6 : i32
// CHECK-NEXT: %8 = arith.constant 127 : i32
// CHECK-NEXT: %9 = arith.minsi %7, %8 : i32
// CHECK-NEXT: %10 = arith.trunci %9 : i32 to i8
// CHECK-NEXT: affine_nest.yield %10 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i0_1) = (4) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_1] : tensor<4xi32>
// CHECK-NEXT: %11 = arith.constant -32768 : i32
// CHECK-NEXT: %12 = arith.maxsi %x_2, %11 : i32
// CHECK-NEXT: %13 = arith.constant 32767 : i32
// CHECK-NEXT: %14 = arith.minsi %12, %13 : i32
// CHECK-NEXT: %15 = arith.trunci %14 : i32 to i16
// CHECK-NEXT: affine_nest.yield %15 : i16
// CHECK-NEXT: } : tensor<4xi16>
// CHECK-NEXT: func.return %y, %z : tensor<4xi8>, tensor<4xi16>

// By a shift of 1 only the largest value would wrap; it saturates, unless the result is as wide.
func.func @shift_by_1(%x: tensor<4xi32>) -> (tensor<4xi8>, tensor<4xi32>) {
  %y = graph.requantize %x shift 1 : tensor<4xi32> -> tensor<4xi8>
  %z = graph.requantize %x shift 1 : tensor<4xi32> -> tensor<4xi32>
  return %y, %z : tensor<4xi8>, tensor<4xi32>
}
// CHECK-LABEL: func.func @shift_by_1(
// CHECK-NEXT: %y = affine_nest.for (%i0) = (4) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0] : tensor<4xi32>
// CHECK-NEXT: %0 = arith.constant 2147483646 : i32
// CHECK-NEXT: %1 = arith.minsi %x_1, %0 : i32
// CHECK-NEXT: %2 = arith.constant 1 : i32
// CHECK-NEXT: %3 = arith.addi %1, %2 : i32
// CHECK-NEXT: %4 = arith.constant 1 : i32
// CHECK-NEXT: %5 = arith.shrsi %3, %4 : i32
// CHECK-NEXT: %6 = arith.constant -128 : i32
// CHECK-NEXT: %7 = arith.maxsi %5, %6 : i32
// CHECK-NEXT: %8 = arith.constant 127 : i32
// CHECK-NEXT: %9 = arith.minsi %7, %8 : i32
// CHECK-NEXT: %10 = arith.trunci %9 : i32 to i8
// CHECK-NEXT: affine_nest.yield %10 : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: %z = affine_nest.for (%i0_1) = (4) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0_1] : tensor<4xi32>
// CHECK-NEXT: %11 = arith.extsi %x_2 : i32 to i64
// CHECK-NEXT: %12 = arith.constant 1 : i64
// CHECK-NEXT: %13 = arith.addi %11, %12 : i64
// CHECK-NEXT: %14 = arith.constant 1 : i64
// CHECK-NEXT: %15 = arith.shrsi %13, %14 : i64
// CHECK-NEXT: %16 = arith.constant -2147483648 : i64
// CHECK-NEXT: %17 = arith.maxsi %15, %16 : i64
// CHECK-NEXT: %18 = arith.constant 2147483647 : i64
// CHECK-NEXT: %19 = arith.minsi %17, %18 : i64
// CHECK-NEXT: %20 = arith.trunci %19 : i64 to i32
// CHECK-NEXT: affine_nest.yield %20 : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y, %z : tensor<4xi8>, tensor<4xi32>

// A multiplier needs 64 bits; a vector of factors is a constant that the nest loads.
func.func @multiplier(%x: tensor<1x3x2x2xi32>) -> (tensor<1x3x2x2xi8>, tensor<1x3x2x2xi8>) {
  %y = graph.requantize %x multiplier 5 shift 3 : tensor<1x3x2x2xi32> -> tensor<1x3x2x2xi8>
  %z = graph.requantize %x multiplier dense<[9, 7, 5]> : tensor<3xi32> shift 20 axis 1 : tensor<1x3x2x2xi32> -> tensor<1x3x2x2xi8>
  return %y, %z : tensor<1x3x2x2xi8>, tensor<1x3x2x2xi8>
}
// CHECK-LABEL: func.func @multiplier(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w) = (1, 3, 2, 2) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[0, %c, %h, %w] : tensor<1x3x2x2xi32>
// CHECK-NEXT: %0 = arith.extsi %x_1 : i32 to i64
// CHECK-NEXT: %1 = arith.constant 5 : i64
// CHECK-NEXT: %2 = arith.muli %0, %1 : i64
// CHECK-NEXT: %3 = arith.constant 4 : i64
// CHECK-NEXT: %4 = arith.addi %2, %3 : i64
// CHECK-NEXT: %5 = arith.constant 3 : i64
// CHECK-NEXT: %6 = arith.shrsi %4, %5 : i64
// CHECK-NEXT: %7 = arith.constant -128 : i64
// CHECK-NEXT: %8 = arith.maxsi %6, %7 : i64
// CHECK-NEXT: %9 = arith.constant 127 : i64
// CHECK-NEXT: %10 = arith.minsi %8, %9 : i64
// CHECK-NEXT: %11 = arith.trunci %10 : i64 to i8
// CHECK-NEXT: affine_nest.yield %11 : i8
// CHECK-NEXT: } : tensor<1x3x2x2xi8>
// CHECK-NEXT: %12 = graph.constant dense<[9, 7, 5]> : tensor<3xi64>
// CHECK-NEXT: %z = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 3, 2, 2) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %c_1, %h_1, %w_1] : tensor<1x3x2x2xi32>
// CHECK-NEXT: %13 = arith.extsi %x_2 : i32 to i64
// CHECK-NEXT: %14 = affine_nest.load %12[%c_1] : tensor<3xi64>
// CHECK-NEXT: %15 = arith.muli %13, %14 : i64
// CHECK-NEXT: %16 = arith.constant 524288 : i64
// CHECK-NEXT: %17 = arith.addi %15, %16 : i64
// CHECK-NEXT: %18 = arith.constant 20 : i64
// CHECK-NEXT: %19 = arith.shrsi %17, %18 : i64
// CHECK-NEXT: %20 = arith.constant -128 : i64
// CHECK-NEXT: %21 = arith.maxsi %19, %20 : i64
// CHECK-NEXT: %22 = arith.constant 127 : i64
// CHECK-NEXT: %23 = arith.minsi %21, %22 : i64
// CHECK-NEXT: %24 = arith.trunci %23 : i64 to i8
// CHECK-NEXT: affine_nest.yield %24 : i8
// CHECK-NEXT: } : tensor<1x3x2x2xi8>
// CHECK-NEXT: func.return %y, %z : tensor<1x3x2x2xi8>, tensor<1x3x2x2xi8>

func.func @shifts(%x: tensor<2x2xi32>) -> tensor<2x2xi8> {
  %y = graph.requantize %x shift dense<[0, 4]> : tensor<2xi32> axis 1 : tensor<2x2xi32> -> tensor<2x2xi8>
  return %y : tensor<2x2xi8>
}
// CHECK-LABEL: func.func @shifts(
// CHECK-NEXT: %0 = graph.constant dense<[0, 8]> : tensor<2xi64>
// CHECK-NEXT: %1 = graph.constant dense<[0, 4]> : tensor<2xi64>
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (2, 2) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1] : tensor<2x2xi32>
// CHECK-NEXT: %2 = arith.extsi %x_1 : i32 to i64
// CHECK-NEXT: %3 = affine_nest.load %0[%i1] : tensor<2xi64>
// CHECK-NEXT: %4 = arith.addi %2, %3 : i64
// CHECK-NEXT: %5 = affine_nest.load %1[%i1] : tensor<2xi64>
// CHECK-NEXT: %6 = arith.shrsi %4, %5 : i64
// CHECK-NEXT: %7 = arith.constant -128 : i64
// CHECK-NEXT: %8 = arith.maxsi %6, %7 : i64
// CHECK-NEXT: %9 = arith.constant 127 : i64
// CHECK-NEXT: %10 = arith.minsi %8, %9 : i64
// CHECK-NEXT: %11 = arith.trunci %10 : i64 to i8
// CHECK-NEXT: affine_nest.yield %11 : i8
// CHECK-NEXT: } : tensor<2x2xi8>
// CHECK-NEXT: func.return %y : tensor<2x2xi8>

// A transposed convolution is one of the input with zeros between its pixels, the kernel turned.
func.func @conv_transpose2d(%x: tensor<1x4x3x5xi8>) -> tensor<1x4x6x6xi32> {
  %w = graph.constant dense<[[[[1, 2, 3]]], [[[4, 5, 6]]], [[[7, 8, 9]]], [[[10, 11, 12]]]]> : tensor<4x1x1x3xi8>
  %y = graph.conv_transpose2d %x, %w strides [2, 1] pads [0, 1, 0, 0] output_pads [1, 0] groups 4 : (tensor<1x4x3x5xi8>, tensor<4x1x1x3xi8>) -> tensor<1x4x6x6xi32>
  return %y : tensor<1x4x6x6xi32>
}
// CHECK-LABEL: func.func @conv_transpose2d(
// CHECK: %[[zeros:.*]] = graph.constant dense<0> : tensor<1x4x5x5xi8>
// CHECK-NEXT: %x_1 = affine_nest.for (%n, %c, %h, %w_1) = (1, 4, 3, 5) into %[[zeros]][0, %c, %h * 2, %w_1] {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %c, %h, %w_1] : tensor<1x4x3x5xi8>
// CHECK: %w_2 = graph.constant {{.*}}3, 2, 1{{.*}} : tensor<4x1x1x3xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %o, %h_1, %w_3) = (1, 4, 6, 6) reduce (%i, %kh, %kw) = (1, 1, 3) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, %o, %h_1, %w_3 + %kw - 1] pad 0 : tensor<1x4x5x5xi8>
// CHECK-NEXT: %w_4 = affine_nest.load %w_2[%o, 0, 0, %kw] : tensor<4x1x1x3xi8>
