// RUN: nopt %s -p graph-split-pools,canonicalize | filecheck %s

// CHECK: func.func @rows(
func.func @rows(%x: tensor<1x16x5x6xi8>) -> tensor<1x16x5x4xi8> {
  %y = graph.avg_pool %x kernel [3, 3] pads [1, 0, 1, 0] exclude_pads {represents = {tensor = "y", scale = 5.0e-01 : f32}} : tensor<1x16x5x6xi8> -> tensor<1x16x5x4xi8>
  // CHECK-NEXT: %y_slice = graph.slice %x starts [0, 0, 0, 0] : tensor<1x16x5x6xi8> -> tensor<1x16x2x6xi8>
  // CHECK-NEXT: %y_avg_pool = graph.avg_pool %y_slice kernel [2, 3] : tensor<1x16x2x6xi8> -> tensor<1x16x1x4xi8>
  // CHECK-NEXT: %y_avg_pool_1 = graph.avg_pool %x kernel [3, 3] : tensor<1x16x5x6xi8> -> tensor<1x16x3x4xi8>
  // CHECK-NEXT: %y_slice_1 = graph.slice %x starts [0, 0, 3, 0] : tensor<1x16x5x6xi8> -> tensor<1x16x2x6xi8>
  // CHECK-NEXT: %y_avg_pool_2 = graph.avg_pool %y_slice_1 kernel [2, 3] : tensor<1x16x2x6xi8> -> tensor<1x16x1x4xi8>
  // CHECK-NEXT: %y = graph.concat %y_avg_pool, %y_avg_pool_1, %y_avg_pool_2 axis 2 {represents = {tensor = "y", scale = 5.000000e-01 : f32}} :
  return %y : tensor<1x16x5x4xi8>
}

// Windows of 7 rows that hold 6 of them: the whole image.
// CHECK: func.func @all(
func.func @all(%x: tensor<1x16x6x6xi8>) -> tensor<1x16x1x1xi8> {
  %y = graph.avg_pool %x kernel [7, 7] pads [0, 0, 1, 1] exclude_pads : tensor<1x16x6x6xi8> -> tensor<1x16x1x1xi8>
  // CHECK-NEXT: %y = graph.global_avg_pool %x
  return %y : tensor<1x16x1x1xi8>
}

// Strides: nine parts, of nine, six and four elements a window.
// CHECK: func.func @strides(
func.func @strides(%x: tensor<1x16x7x7xi8>) -> tensor<1x16x4x4xi8> {
  %y = graph.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] exclude_pads : tensor<1x16x7x7xi8> -> tensor<1x16x4x4xi8>
  // CHECK: graph.global_avg_pool %{{.*}} : tensor<1x16x2x2xi8>
  // CHECK: graph.avg_pool %{{.*}} kernel [2, 3] strides [2, 2] : tensor<1x16x2x5xi8> -> tensor<1x16x1x2xi8>
  // CHECK: graph.avg_pool %{{.*}} kernel [3, 3] strides [2, 2] : tensor<1x16x5x5xi8> -> tensor<1x16x2x2xi8>
  return %y : tensor<1x16x4x4xi8>
}

// Pads that count, none at all, and floats.
// CHECK: func.func @kept(
func.func @kept(%x: tensor<1x16x7x7xi8>, %f: tensor<1x16x7x7xf32>) -> (tensor<1x16x7x7xi8>, tensor<1x16x5x5xi8>, tensor<1x16x7x7xf32>) {
  %counted = graph.avg_pool %x kernel [3, 3] pads [1, 1, 1, 1] : tensor<1x16x7x7xi8> -> tensor<1x16x7x7xi8>
  %none = graph.avg_pool %x kernel [3, 3] exclude_pads : tensor<1x16x7x7xi8> -> tensor<1x16x5x5xi8>
  %floats = graph.avg_pool %f kernel [3, 3] pads [1, 1, 1, 1] exclude_pads : tensor<1x16x7x7xf32> -> tensor<1x16x7x7xf32>
  return %counted, %none, %floats : tensor<1x16x7x7xi8>, tensor<1x16x5x5xi8>, tensor<1x16x7x7xf32>
  // CHECK-NEXT: %counted = graph.avg_pool %x kernel [3, 3] pads [1, 1, 1, 1] :
  // CHECK-NEXT: %none = graph.avg_pool %x kernel [3, 3] :
  // CHECK-NEXT: %floats = graph.avg_pool %f kernel [3, 3] pads [1, 1, 1, 1] exclude_pads :
}

// Very many parts: the host takes the mean.
func.func @far_outside(%x: tensor<1x16x64x64xi8>) -> tensor<1x16x127x127xi8> {
  %y = graph.avg_pool %x kernel [64, 64] pads [63, 63, 63, 63] exclude_pads : tensor<1x16x64x64xi8> -> tensor<1x16x127x127xi8>
  return %y : tensor<1x16x127x127xi8>
}
// CHECK-LABEL: func.func @far_outside(
// CHECK-NEXT: %y = graph.avg_pool %x kernel [64, 64] pads [63, 63, 63, 63] exclude_pads :
