// RUN: rm -rf %t && mkdir %t && python %S/Inputs/samples.py %t
// RUN: nopt %s -p 'graph-quantize{calibration=%t/samples.npz method=max}' | filecheck %s

// What the host gives to weights lies between 0.2 and 0.9: the middle of each channel is taken
// from it, and comes back with the bias. The second convolution's windows reach into pads.
func.func @main(%x: tensor<1x2x2x2xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  %v = graph.constant dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>
  %w = graph.constant dense<1.0> : tensor<1x2x3x3xf32>
  %s = graph.unary sigmoid %x : tensor<1x2x2x2xf32>
  %t = graph.unary sigmoid %s : tensor<1x2x2x2xf32>
  %y = graph.conv2d %s, %v : (tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x2x2xf32>
  %z = graph.conv2d %t, %w pads [1, 1, 1, 1] : (tensor<1x2x2x2xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x2x2xf32>
  return %y, %z : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>
}

// CHECK: %s = graph.unary sigmoid %x
// CHECK-NEXT: %0 = graph.constant dense<{{.*}}4.316170e-01{{.*}}5.683830e-01{{.*}}> : tensor<1x2x1x1xf32>
// CHECK-NEXT: %s.centred = graph.sub %s, %0
// CHECK-NEXT: %t = graph.unary sigmoid %s
// CHECK-NEXT: %s.centred.i8 = graph.quantize %s.centred
// CHECK: graph.conv2d %s.centred.i8
// 1 * 0.4316 + 2 * 0.5684 in steps of the sums, and the rounding of the weights.
// CHECK-NEXT: %y.bias = graph.constant dense<46240> : tensor<1x1x1xi32>
// CHECK: %t.i8 = graph.quantize %t
// CHECK: graph.conv2d %t.i8, {{.*}} pads [1, 1, 1, 1]
