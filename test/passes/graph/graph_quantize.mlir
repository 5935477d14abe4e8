// RUN: rm -rf %t && mkdir %t && python %S/Inputs/samples.py %t
// RUN: nopt %s --split-input-file -p 'graph-quantize{calibration=%t/samples.npz method=max centre=false}' | filecheck %s

// A layer: its weights count steps of output scale * 2^-shift / input scale. What only the host
// reads has a scale for each channel; here few numbers were seen, so both are the tensor's.
func.func @layer(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = graph.constant dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[-0.5]]]]> : tensor<2x2x1x1xf32>
  %b = graph.constant dense<[[[0.0]], [[0.635]]]> : tensor<2x1x1xf32>
  %product = graph.conv2d %x, %w : (tensor<1x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %sum = graph.add %product, %b : (tensor<1x2x2x2xf32>, tensor<2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %y = graph.relu %sum : tensor<1x2x2x2xf32>
  func.return %y : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: func.func @layer(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
// CHECK-NEXT: %x.i8 = graph.quantize %x scale 0.01 {represents = {tensor = "x", scale = 1.000000e-02 : f32}} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %w = graph.constant dense<[[[[127]], [[0]]], [[[0]], [[-87]]]]> : tensor<2x2x1x1xi8>
// CHECK-NEXT: %acc = graph.conv2d %x.i8, %w : (tensor<1x2x2x2xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %y.bias = graph.constant dense<[[[-17]], [[11074]]]> : tensor<2x1x1xi32>
// CHECK-NEXT: %acc_1 = graph.add %acc, %y.bias : (tensor<1x2x2x2xi32>, tensor<2x1x1xi32>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %acc_2 = graph.relu %acc_1 : tensor<1x2x2x2xi32>
// CHECK-NEXT: %y = graph.requantize %acc_2 shift 7 {represents = {tensor = "y", scale = dense_resource<scale> : tensor<2xf32>, axis = 1 : i64}} : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %y.float = graph.dequantize %y scale dense_resource<scale> : tensor<2xf32> axis 1 : tensor<1x2x2x2xi8> -> tensor<1x2x2x2xf32>
// CHECK-NEXT: func.return %y.float : tensor<1x2x2x2xf32>

// -----

// What a tensor and its maximum share is one scale: that which the maximum needs. The sum is in steps
// of its finest scale.
func.func @residual(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32> {
  %w = graph.constant dense<1.0> : tensor<2x2x1x1xf32>
  %a = graph.conv2d %x, %w : (tensor<1x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %b = graph.conv2d %a, %w : (tensor<1x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %sum = graph.add %b, %a : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %pool = graph.max_pool %sum kernel [2, 2] : tensor<1x2x2x2xf32> -> tensor<1x2x1x1xf32>
  func.return %pool : tensor<1x2x1x1xf32>
}

// CHECK-LABEL: func.func @residual(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32> {
// CHECK-NEXT: %x.i8 = graph.quantize %x scale 0.01 {represents = {tensor = "x", scale = 1.000000e-02 : f32}} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %w = graph.constant dense<85> : tensor<2x2x1x1xi8>
// CHECK-NEXT: %acc = graph.conv2d %x.i8, %w : (tensor<1x2x2x2xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %a = graph.requantize %acc shift 7 {represents = {tensor = "a", scale = 0.0150803663 : f32}} : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %w_1 = graph.constant dense<64> : tensor<2x2x1x1xi8>
// CHECK-NEXT: %acc_1 = graph.conv2d %a, %w_1 : (tensor<1x2x2x2xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %sum.bias = graph.constant dense<-32> : tensor<2x1x1xi32>
// CHECK-NEXT: %acc_2 = graph.add %acc_1, %sum.bias : (tensor<1x2x2x2xi32>, tensor<2x1x1xi32>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %acc_3 = graph.requantize %acc_2 shift 6 : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %acc_4 = graph.add %acc_3, %a : (tensor<1x2x2x2xi32>, tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %sum = graph.requantize %acc_4 shift 2 {represents = {tensor = "sum", scale = 0.0603214651 : f32}} : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %pool = graph.max_pool %sum kernel [2, 2] {represents = {tensor = "pool", scale = 0.0603214651 : f32}} : tensor<1x2x2x2xi8> -> tensor<1x2x1x1xi8>
// CHECK-NEXT: %pool.float = graph.dequantize %pool scale 0.060321465 : tensor<1x2x1x1xi8> -> tensor<1x2x1x1xf32>
// CHECK-NEXT: func.return %pool.float : tensor<1x2x1x1xf32>

// -----

// Softmax stays float, between a product of two tensors and another.
func.func @attention(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %scores = graph.matmul %x, %x transpose_b : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %shares = graph.softmax %scores axis 3 : tensor<1x2x2x2xf32>
  %y = graph.matmul %shares, %x : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  func.return %y : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: func.func @attention(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32> {
// CHECK-NEXT: %x.i8 = graph.quantize %x scale 0.01 {represents = {tensor = "x", scale = 1.000000e-02 : f32}} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %acc = graph.matmul %x.i8, %x.i8 transpose_b : (tensor<1x2x2x2xi8>, tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %scores = graph.requantize %acc shift 8 {represents = {tensor = "scores", scale = 2.560000e-02 : f32}} : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %scores.float = graph.dequantize %scores scale 0.0256 : tensor<1x2x2x2xi8> -> tensor<1x2x2x2xf32>
// CHECK-NEXT: %shares = graph.softmax %scores.float axis 3 : tensor<1x2x2x2xf32>
// CHECK-NEXT: %shares.i8 = graph.quantize %shares scale 0.0071678897 {represents = {tensor = "shares", scale = 0.00716788974 : f32}} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %acc_1 = graph.matmul %shares.i8, %x.i8 : (tensor<1x2x2x2xi8>, tensor<1x2x2x2xi8>) -> tensor<1x2x2x2xi32>
// CHECK-NEXT: %y = graph.requantize %acc_1 shift 7 {represents = {tensor = "y", scale = 0.0091748992 : f32}} : tensor<1x2x2x2xi32> -> tensor<1x2x2x2xi8>
// CHECK-NEXT: %y.float = graph.dequantize %y scale 0.009174899 : tensor<1x2x2x2xi8> -> tensor<1x2x2x2xf32>
// CHECK-NEXT: func.return %y.float : tensor<1x2x2x2xf32>
