// RUN: nopt %s -p attach-machine,graph-arrange-channels | filecheck %s
// A maximum over windows of joined channels is joined of those of the pieces, next to what makes them.

func.func @pools(%a: tensor<1x16x5x5xi8>, %b: tensor<1x32x5x5xi8>) -> tensor<1x48x2x2xi8> {
  %j = graph.concat %a, %b axis 1 : (tensor<1x16x5x5xi8>, tensor<1x32x5x5xi8>) -> tensor<1x48x5x5xi8>
  %y = graph.max_pool %j kernel [3, 3] strides [2, 2] : tensor<1x48x5x5xi8> -> tensor<1x48x2x2xi8>
  return %y : tensor<1x48x2x2xi8>
}
// CHECK-LABEL: func.func @pools(
// CHECK-NEXT: %a_1 = graph.max_pool %a kernel [3, 3] strides [2, 2] : tensor<1x16x5x5xi8> -> tensor<1x16x2x2xi8>
// CHECK-NEXT: %b_1 = graph.max_pool %b kernel [3, 3] strides [2, 2] : tensor<1x32x5x5xi8> -> tensor<1x32x2x2xi8>
// CHECK-NEXT: %y = graph.concat %a_1, %b_1 axis 1

// Windows over joined rows reach into both pieces.
func.func @rows(%a: tensor<1x16x5x5xi8>, %b: tensor<1x16x4x5xi8>) -> tensor<1x16x4x2xi8> {
  %j = graph.concat %a, %b axis 2 : (tensor<1x16x5x5xi8>, tensor<1x16x4x5xi8>) -> tensor<1x16x9x5xi8>
  %y = graph.max_pool %j kernel [3, 3] strides [2, 2] : tensor<1x16x9x5xi8> -> tensor<1x16x4x2xi8>
  return %y : tensor<1x16x4x2xi8>
}
// CHECK-LABEL: func.func @rows(
// CHECK-NEXT: %j = graph.concat %a, %b axis 2
// CHECK-NEXT: %y = graph.max_pool %j
