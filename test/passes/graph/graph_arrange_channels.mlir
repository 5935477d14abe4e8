// RUN: nopt %s -p graph-arrange-channels | filecheck %s
// Joined tensors are of whole blocks of 16 channels; who reads them has zeros for the padding.

// A pool and a flattening hand the padding on; products absorb it.
func.func @absorbed(%a: tensor<1x3x1x2xi8>, %b: tensor<1x2x1x2xi8>) -> (tensor<1x1x1x2xi32>, tensor<1x1xi32>) {
  %j = graph.concat %a, %b axis 1 : (tensor<1x3x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x5x1x2xi8>
  %w = graph.constant dense<[[[[1]], [[2]], [[3]], [[4]], [[5]]]]> : tensor<1x5x1x1xi8>
  %c = graph.conv2d %j, %w : (tensor<1x5x1x2xi8>, tensor<1x5x1x1xi8>) -> tensor<1x1x1x2xi32>
  %p = graph.max_pool %j kernel [1, 2] : tensor<1x5x1x2xi8> -> tensor<1x5x1x1xi8>
  %f = graph.reshape %p : tensor<1x5x1x1xi8> -> tensor<1x5xi8>
  %v = graph.constant dense<[[6], [7], [8], [9], [10]]> : tensor<5x1xi8>
  %m = graph.matmul %f, %v : (tensor<1x5xi8>, tensor<5x1xi8>) -> tensor<1x1xi32>
  return %c, %m : tensor<1x1x1x2xi32>, tensor<1x1xi32>
}
// CHECK-LABEL: func.func @absorbed(
// CHECK-NEXT: %a_1 = graph.pad %a low [0, 0, 0, 0] high [0, 13, 0, 0] value 0 : tensor<1x3x1x2xi8> -> tensor<1x16x1x2xi8>
// CHECK-NEXT: %j = graph.concat %a_1, %b axis 1 {padding_is_unread} : (tensor<1x16x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x18x1x2xi8>
// CHECK-NEXT: %w = graph.constant dense<{{\[\[\[\[}}1]], {{\[\[}}2]], {{\[\[}}3]], {{\[\[}}0]], {{.*}} {{\[\[}}0]], {{\[\[}}4]], {{\[\[}}5]]]]> : tensor<1x18x1x1xi8>
// CHECK-NEXT: %c = graph.conv2d %j, %w : (tensor<1x18x1x2xi8>, tensor<1x18x1x1xi8>) -> tensor<1x1x1x2xi32>
// CHECK-NEXT: %p = graph.max_pool %j kernel [1, 2] : tensor<1x18x1x2xi8> -> tensor<1x18x1x1xi8>
// CHECK-NEXT: %f = graph.reshape %p : tensor<1x18x1x1xi8> -> tensor<1x18xi8>
// CHECK-NEXT: %v = graph.constant dense<{{\[\[}}6], [7], [8], [0], {{.*}} [0], [9], [10]]> : tensor<18x1xi8>
// CHECK-NEXT: %m = graph.matmul %f, %v : (tensor<1x18xi8>, tensor<18x1xi8>) -> tensor<1x1xi32>
// CHECK-NEXT: func.return %c, %m : tensor<1x1x1x2xi32>, tensor<1x1xi32>

// A depthwise convolution has zeros for the padding, and so has its epilogue.
func.func @depthwise(%a: tensor<1x1x1x2xi8>, %b: tensor<1x1x1x2xi8>) -> tensor<1x1x1x2xi32> {
  %j = graph.concat %a, %b axis 1 : (tensor<1x1x1x2xi8>, tensor<1x1x1x2xi8>) -> tensor<1x2x1x2xi8>
  %w = graph.constant dense<[[[[5]]], [[[6]]]]> : tensor<2x1x1x1xi8>
  %c = graph.conv2d %j, %w groups 2 : (tensor<1x2x1x2xi8>, tensor<2x1x1x1xi8>) -> tensor<1x2x1x2xi32>
  %b0 = graph.constant dense<[[[7]], [[8]]]> : tensor<2x1x1xi32>
  %d = graph.add %b0, %c : (tensor<2x1x1xi32>, tensor<1x2x1x2xi32>) -> tensor<1x2x1x2xi32>
  %q = graph.requantize %d shift dense<[3, 4]> : tensor<2xi32> axis 1 : tensor<1x2x1x2xi32> -> tensor<1x2x1x2xi8>
  %v = graph.constant dense<[[[[1]], [[2]]]]> : tensor<1x2x1x1xi8>
  %e = graph.conv2d %q, %v : (tensor<1x2x1x2xi8>, tensor<1x2x1x1xi8>) -> tensor<1x1x1x2xi32>
  return %e : tensor<1x1x1x2xi32>
}
// CHECK-LABEL: func.func @depthwise(
// CHECK: %j = graph.concat %a_1, %b axis 1 {padding_is_unread}
// CHECK-NEXT: %w = graph.constant dense<{{\[\[\[\[}}5]]], {{\[\[\[}}0]]], {{.*}} {{\[\[\[}}0]]], {{\[\[\[}}6]]]]> : tensor<17x1x1x1xi8>
// CHECK-NEXT: %c = graph.conv2d %j, %w groups 17 : (tensor<1x17x1x2xi8>, tensor<17x1x1x1xi8>) -> tensor<1x17x1x2xi32>
// CHECK-NEXT: %b0 = graph.constant dense<{{\[\[\[}}7]], {{\[\[}}0]], {{.*}} {{\[\[}}0]], {{\[\[}}8]]]> : tensor<17x1x1xi32>
// CHECK-NEXT: %d = graph.add %b0, %c : (tensor<17x1x1xi32>, tensor<1x17x1x2xi32>) -> tensor<1x17x1x2xi32>
// CHECK-NEXT: %q = graph.requantize %d shift dense<[3, 1, {{.*}} 1, 4]> : tensor<17xi32> axis 1 : tensor<1x17x1x2xi32> -> tensor<1x17x1x2xi8>

// Groups would not be in order, and a sum has no weights: the channels are brought together again.
func.func @picked(%a: tensor<1x2x1x2xi8>, %b: tensor<1x2x1x2xi8>, %c: tensor<1x4x1x2xi8>) -> (tensor<1x2x1x2xi32>, tensor<1x4x1x2xi32>) {
  %j = graph.concat %a, %b axis 1 {represents = {tensor = "t"}} : (tensor<1x2x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x4x1x2xi8>
  %w = graph.constant dense<1> : tensor<2x2x1x1xi8>
  %g = graph.conv2d %j, %w groups 2 : (tensor<1x4x1x2xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x1x2xi32>
  %s = graph.add %j, %c : (tensor<1x4x1x2xi8>, tensor<1x4x1x2xi8>) -> tensor<1x4x1x2xi32>
  return %g, %s : tensor<1x2x1x2xi32>, tensor<1x4x1x2xi32>
}
// CHECK-LABEL: func.func @picked(
// CHECK: %j = graph.concat %a_1, %b axis 1 {padding_is_unread}
// CHECK-NEXT: %0 = graph.constant dense_resource<picked{{.*}}> : tensor<4x18x1x1xi8>
// CHECK-NEXT: %1 = graph.conv2d %j, %0 : (tensor<1x18x1x2xi8>, tensor<4x18x1x1xi8>) -> tensor<1x4x1x2xi32>
// CHECK-NEXT: %j_1 = graph.requantize %1 shift 0 {represents = {tensor = "t"}} : tensor<1x4x1x2xi32> -> tensor<1x4x1x2xi8>
// CHECK-NEXT: %w = graph.constant
// CHECK-NEXT: %g = graph.conv2d %j_1, %w groups 2
// CHECK-NEXT: %s = graph.add %j_1, %c

// A ReLU of what is joined is one of each piece.
func.func @limited(%a: tensor<1x16x1x2xi8>, %b: tensor<1x2x1x2xi8>) -> tensor<1x18x1x2xi8> {
  %j = graph.concat %a, %b axis 1 : (tensor<1x16x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x18x1x2xi8>
  %y = graph.relu %j {represents = {tensor = "t"}} : tensor<1x18x1x2xi8>
  return %y : tensor<1x18x1x2xi8>
}
// CHECK-LABEL: func.func @limited(
// CHECK-NEXT: %a_1 = graph.relu %a : tensor<1x16x1x2xi8>
// CHECK-NEXT: %b_1 = graph.relu %b : tensor<1x2x1x2xi8>
// CHECK-NEXT: %y = graph.concat %a_1, %b_1 axis 1 {represents = {tensor = "t"}} : (tensor<1x16x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x18x1x2xi8>
// CHECK-NEXT: func.return %y : tensor<1x18x1x2xi8>

// Whole blocks, joins along other axes, of other elements, or on the host stay as they are.
func.func @kept(%a: tensor<1x16x1x2xi8>, %b: tensor<1x2x1x2xi8>, %c: tensor<1x2x1x2xi32>) -> (tensor<1x18x1x2xi8>, tensor<1x2x2x2xi8>, tensor<1x4x1x2xi32>, tensor<1x4x1x2xi8>) {
  %d = graph.concat %a, %b axis 1 : (tensor<1x16x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x18x1x2xi8>
  %e = graph.concat %b, %b axis 2 : (tensor<1x2x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x2x2x2xi8>
  %f = graph.concat %c, %c axis 1 : (tensor<1x2x1x2xi32>, tensor<1x2x1x2xi32>) -> tensor<1x4x1x2xi32>
  %g = graph.concat %b, %b axis 1 {placement = "host"} : (tensor<1x2x1x2xi8>, tensor<1x2x1x2xi8>) -> tensor<1x4x1x2xi8>
  return %d, %e, %f, %g : tensor<1x18x1x2xi8>, tensor<1x2x2x2xi8>, tensor<1x4x1x2xi32>, tensor<1x4x1x2xi8>
}
// CHECK-LABEL: func.func @kept(
// CHECK-NEXT: %d = graph.concat %a, %b axis 1 :
// CHECK-NEXT: %e = graph.concat %b, %b axis 2 :
// CHECK-NEXT: %f = graph.concat %c, %c axis 1 :
// CHECK-NEXT: %g = graph.concat %b, %b axis 1 {placement = "host"} :

// Half of the shuffled channels: a convolution reads all, with zeros in its weights for the others. The
// sum has no weights: a product with zeros and ones chooses its channels. The host takes what it wants.
func.func @halves(%x: tensor<1x4x1x2xi8>) -> (tensor<1x2x1x2xi8>, tensor<1x2x1x2xi8>) {
  %r = graph.relu %x : tensor<1x4x1x2xi8>
  %split = graph.reshape %r : tensor<1x4x1x2xi8> -> tensor<1x2x2x1x2xi8>
  %crossed = graph.transpose %split permutation [0, 2, 1, 3, 4] : tensor<1x2x2x1x2xi8> -> tensor<1x2x2x1x2xi8>
  %s = graph.reshape %crossed : tensor<1x2x2x1x2xi8> -> tensor<1x4x1x2xi8>
  %left = graph.slice %s starts [0, 0, 0, 0] : tensor<1x4x1x2xi8> -> tensor<1x2x1x2xi8>
  %right = graph.slice %s starts [0, 2, 0, 0] : tensor<1x4x1x2xi8> -> tensor<1x2x1x2xi8>
  %w = graph.constant dense<[[[[5]], [[7]]], [[[8]], [[9]]]]> : tensor<2x2x1x1xi8>
  %c = graph.conv2d %right, %w : (tensor<1x2x1x2xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x1x2xi32>
  %a = graph.add %c, %left : (tensor<1x2x1x2xi32>, tensor<1x2x1x2xi8>) -> tensor<1x2x1x2xi32>
  %q = graph.requantize %a shift 4 : tensor<1x2x1x2xi32> -> tensor<1x2x1x2xi8>
  return %q, %right : tensor<1x2x1x2xi8>, tensor<1x2x1x2xi8>
}
// CHECK-LABEL: func.func @halves(
// CHECK-NEXT: %r = graph.relu %x : tensor<1x4x1x2xi8>
// CHECK: %0 = graph.constant dense<[[[[1]], [[0]], [[0]], [[0]]], [[[0]], [[0]], [[1]], [[0]]]]> : tensor<2x4x1x1xi8>
// CHECK-NEXT: %1 = graph.conv2d %r, %0 : (tensor<1x4x1x2xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x1x2xi32>
// CHECK-NEXT: %left = graph.requantize %1 shift 0 : tensor<1x2x1x2xi32> -> tensor<1x2x1x2xi8>
// CHECK-NEXT: %right = graph.slice %s starts [0, 2, 0, 0]
// CHECK-NEXT: %w = graph.constant dense<[[[[0]], [[5]], [[0]], [[7]]], [[[0]], [[8]], [[0]], [[9]]]]> : tensor<2x4x1x1xi8>
// CHECK-NEXT: %c = graph.conv2d %r, %w : (tensor<1x4x1x2xi8>, tensor<2x4x1x1xi8>) -> tensor<1x2x1x2xi32>
// CHECK-NEXT: %a = graph.add %c, %left : (tensor<1x2x1x2xi32>, tensor<1x2x1x2xi8>) -> tensor<1x2x1x2xi32>
// CHECK: func.return %q, %right
