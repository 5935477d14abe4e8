// RUN: nopt %s -p graph-fold-space-to-depth,canonicalize | filecheck %s

// CHECK: func.func @folded(
func.func @folded(%x: tensor<1x3x32x32xi8>) -> tensor<1x32x16x16xi32> {
  %w = graph.constant dense<1> : tensor<32x3x7x7xi8>
  %y = graph.conv2d %x, %w strides [2, 2] pads [3, 3, 3, 3] {represents = {tensor = "y", scale = 5.0e-01 : f32}} : (tensor<1x3x32x32xi8>, tensor<32x3x7x7xi8>) -> tensor<1x32x16x16xi32>
  // CHECK-NEXT: %y_pad = graph.pad %x low [0, 0, 3, 3] high [0, 0, 3, 3] value 0 {placement = "host", host_reason = "it lays out the image for the first convolution"} : tensor<1x3x32x32xi8> -> tensor<1x3x38x38xi8>
  // CHECK-NEXT: %y_reshape = graph.reshape %y_pad {placement = "host", {{.*}}} : tensor<1x3x38x38xi8> -> tensor<1x3x19x2x19x2xi8>
  // CHECK-NEXT: %y_transpose = graph.transpose %y_reshape permutation [0, 3, 5, 1, 2, 4] {placement = "host",
  // CHECK-NEXT: %y_reshape_1 = graph.reshape %y_transpose {placement = "host", {{.*}}} : tensor<1x2x2x3x19x19xi8> -> tensor<1x12x19x19xi8>
  // CHECK-NEXT: %y_reshape_2 = graph.constant dense_resource<{{.*}}> : tensor<32x12x4x4xi8>
  // CHECK-NEXT: %y = graph.conv2d %y_reshape_1, %y_reshape_2 {represents = {tensor = "y", scale = 5.000000e-01 : f32}} : (tensor<1x12x19x19xi8>, tensor<32x12x4x4xi8>) -> tensor<1x32x16x16xi32>
  return %y : tensor<1x32x16x16xi32>
}

// A stride of 4, and an image of which the last rows and columns are not read.
// CHECK: func.func @cut(
func.func @cut(%x: tensor<1x3x30x30xi8>) -> tensor<1x16x5x5xi32> {
  %w = graph.constant dense<1> : tensor<16x3x11x11xi8>
  %y = graph.conv2d %x, %w strides [4, 4] : (tensor<1x3x30x30xi8>, tensor<16x3x11x11xi8>) -> tensor<1x16x5x5xi32>
  // CHECK-NEXT: %y_slice = graph.slice %x starts [0, 0, 0, 0] {placement = "host", {{.*}}} : tensor<1x3x30x30xi8> -> tensor<1x3x28x28xi8>
  // CHECK-NEXT: %y_reshape = graph.reshape %y_slice {placement = "host", {{.*}}} : tensor<1x3x28x28xi8> -> tensor<1x3x7x4x7x4xi8>
  // CHECK: %y = graph.conv2d %{{.*}} : (tensor<1x48x7x7xi8>, tensor<16x48x3x3xi8>) -> tensor<1x16x5x5xi32>
  return %y : tensor<1x16x5x5xi32>
}

// No stride, many channels, groups, floats, weights that are no constant, and what is not first.
// CHECK: func.func @kept(
// CHECK-COUNT-5: strides [2, 2]
// CHECK-NOT: transpose
func.func @kept(%x: tensor<1x3x9x9xi8>, %m: tensor<1x16x9x9xi8>, %f: tensor<1x3x9x9xf32>, %v: tensor<16x3x3x3xi8>) -> (tensor<1x16x7x7xi32>, tensor<1x16x4x4xi32>, tensor<1x3x4x4xi32>, tensor<1x16x4x4xf32>, tensor<1x16x4x4xi32>, tensor<1x16x4x4xi32>) {
  %w = graph.constant dense<1> : tensor<16x3x3x3xi8>
  %u = graph.constant dense<1> : tensor<16x16x3x3xi8>
  %t = graph.constant dense<1> : tensor<3x1x3x3xi8>
  %g = graph.constant dense<1.0> : tensor<16x3x3x3xf32>
  %0 = graph.conv2d %x, %w strides [1, 1] : (tensor<1x3x9x9xi8>, tensor<16x3x3x3xi8>) -> tensor<1x16x7x7xi32>
  %1 = graph.conv2d %m, %u strides [2, 2] : (tensor<1x16x9x9xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x4x4xi32>
  %2 = graph.conv2d %x, %t strides [2, 2] groups 3 : (tensor<1x3x9x9xi8>, tensor<3x1x3x3xi8>) -> tensor<1x3x4x4xi32>
  %3 = graph.conv2d %f, %g strides [2, 2] : (tensor<1x3x9x9xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x4x4xf32>
  %4 = graph.conv2d %x, %v strides [2, 2] : (tensor<1x3x9x9xi8>, tensor<16x3x3x3xi8>) -> tensor<1x16x4x4xi32>
  %r = graph.relu %x : tensor<1x3x9x9xi8>
  %5 = graph.conv2d %r, %w strides [2, 2] : (tensor<1x3x9x9xi8>, tensor<16x3x3x3xi8>) -> tensor<1x16x4x4xi32>
  return %0, %1, %2, %3, %4, %5 : tensor<1x16x7x7xi32>, tensor<1x16x4x4xi32>, tensor<1x3x4x4xi32>, tensor<1x16x4x4xf32>, tensor<1x16x4x4xi32>, tensor<1x16x4x4xi32>
}
