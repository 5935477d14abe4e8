// Convolutions in groups that are no whole blocks of 16 channels.
// RUN: nopt %s -p graph-split-groups --split-input-file | filecheck %s

// Two groups of 24 channels: the first block of outputs needs the first two of inputs, the second one,
// which the groups share, all three, the third the last two. Each has its part of the epilogue.
func.func @groups(%x: tensor<1x48x28x28xi8>, %skip: tensor<1x48x28x28xi8>) -> tensor<1x48x28x28xi8> {
  %w = graph.constant dense<1> : tensor<48x24x1x1xi8>
  %b = graph.constant dense<100> : tensor<48x1x1xi32>
  %c = graph.conv2d %x, %w groups 2 : (tensor<1x48x28x28xi8>, tensor<48x24x1x1xi8>) -> tensor<1x48x28x28xi32>
  %s = graph.add %c, %b : (tensor<1x48x28x28xi32>, tensor<48x1x1xi32>) -> tensor<1x48x28x28xi32>
  %t = graph.add %s, %skip : (tensor<1x48x28x28xi32>, tensor<1x48x28x28xi8>) -> tensor<1x48x28x28xi32>
  %y = graph.requantize %t shift 7 {represents = {tensor = "y", scale = 5.0e-01 : f32}} : tensor<1x48x28x28xi32> -> tensor<1x48x28x28xi8>
  return %y : tensor<1x48x28x28xi8>
}
// CHECK-LABEL: func.func @groups(
// CHECK-NEXT: %x_1 = graph.slice %x starts [0, 0, 0, 0] : tensor<1x48x28x28xi8> -> tensor<1x32x28x28xi8>
// CHECK-NEXT: %w = graph.constant dense_resource<w{{.*}}> : tensor<16x32x1x1xi8>
// CHECK-NEXT: %0 = graph.conv2d %x_1, %w : (tensor<1x32x28x28xi8>, tensor<16x32x1x1xi8>) -> tensor<1x16x28x28xi32>
// CHECK-NEXT: %b = graph.constant dense<100> : tensor<16x1x1xi32>
// CHECK-NEXT: %s = graph.add %0, %b : (tensor<1x16x28x28xi32>, tensor<16x1x1xi32>) -> tensor<1x16x28x28xi32>
// CHECK-NEXT: %skip_1 = graph.slice %skip starts [0, 0, 0, 0] : tensor<1x48x28x28xi8> -> tensor<1x16x28x28xi8>
// CHECK-NEXT: %t = graph.add %s, %skip_1 : (tensor<1x16x28x28xi32>, tensor<1x16x28x28xi8>) -> tensor<1x16x28x28xi32>
// CHECK-NEXT: %y = graph.requantize %t shift 7 : tensor<1x16x28x28xi32> -> tensor<1x16x28x28xi8>
// CHECK-NEXT: %w_1 = graph.constant dense_resource<w{{.*}}> : tensor<16x48x1x1xi8>
// CHECK-NEXT: %1 = graph.conv2d %x, %w_1 : (tensor<1x48x28x28xi8>, tensor<16x48x1x1xi8>) -> tensor<1x16x28x28xi32>
// CHECK: %x_2 = graph.slice %x starts [0, 16, 0, 0] : tensor<1x48x28x28xi8> -> tensor<1x32x28x28xi8>
// CHECK: %y_2 = graph.requantize %t_2 shift 7
// CHECK-NEXT: %y_3 = graph.concat %y, %y_1, %y_2 axis 1 {represents = {tensor = "y", scale = 5.000000e-01 : f32}} : (tensor<1x16x28x28xi8>, tensor<1x16x28x28xi8>, tensor<1x16x28x28xi8>) -> tensor<1x48x28x28xi8>
// CHECK-NEXT: func.return %y_3

// -----

// On few pixels more kernels would cost more than they spare.
func.func @small(%x: tensor<1x48x4x4xi8>) -> tensor<1x48x4x4xi8> {
  %w = graph.constant dense<1> : tensor<48x24x1x1xi8>
  %c = graph.conv2d %x, %w groups 2 : (tensor<1x48x4x4xi8>, tensor<48x24x1x1xi8>) -> tensor<1x48x4x4xi32>
  %y = graph.requantize %c shift 7 : tensor<1x48x4x4xi32> -> tensor<1x48x4x4xi8>
  return %y : tensor<1x48x4x4xi8>
}
// CHECK-LABEL: func.func @small(
// CHECK: graph.conv2d %x, %w groups 2
