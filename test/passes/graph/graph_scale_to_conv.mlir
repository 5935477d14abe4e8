// RUN: nopt %s -p graph-scale-to-conv | filecheck %s

// CHECK: func.func @channels(
func.func @channels(%x: tensor<1x2x3x3xf32>, %i: tensor<1x2x3x3xi8>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>) {
  %s = graph.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %y = graph.mul %x, %s : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK-NEXT: %s = graph.constant dense<
  // CHECK-SAME{LITERAL}: [[[[2.000000e+00]]], [[[4.000000e+00]]]]> : tensor<2x1x1x1xf32>
  // CHECK-NEXT: %y = graph.conv2d %x, %s groups 2 :
  %c = graph.constant dense<2.0> : tensor<2x1x1xf32>
  %all = graph.mul %x, %c : (tensor<1x2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %all = graph.mul %x, %c
  %columns = graph.constant dense<[2.0, 4.0, 8.0]> : tensor<3xf32>
  %wide = graph.mul %x, %columns : (tensor<1x2x3x3xf32>, tensor<3xf32>) -> tensor<1x2x3x3xf32>
  // CHECK: %wide = graph.mul %x, %columns
  %n = graph.constant dense<[[[2]], [[4]]]> : tensor<2x1x1xi8>
  %integers = graph.mul %i, %n : (tensor<1x2x3x3xi8>, tensor<2x1x1xi8>) -> tensor<1x2x3x3xi8>
  // CHECK: %integers = graph.mul %i, %n
  return %y, %all, %wide, %integers : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>
}
