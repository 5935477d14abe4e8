// RUN: nopt %s -p graph-partition -t partition-report | filecheck %s --match-full-lines --strict-whitespace
// RUN: not nopt %s -p vta -t partition-report -o %t 2>&1 | filecheck %s --check-prefix LATE
// LATE: error: target 'partition-report': found affine_nest.for, expected a graph

func.func @main(%x: tensor<1x16x8x8xf32>, %w: tensor<16x16x3x3xi8>, %m: tensor<10x1024xf32>) -> tensor<1x10xf32> {
  %q = graph.quantize %x scale 0.5 : tensor<1x16x8x8xf32> -> tensor<1x16x8x8xi8>
  %c = graph.conv2d %q, %w pads [1, 1, 1, 1] : (tensor<1x16x8x8xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x8x8xi32>
  %y = graph.requantize %c shift 7 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  %d = graph.dequantize %y scale 0.5 : tensor<1x16x8x8xi8> -> tensor<1x16x8x8xf32>
  %f = graph.reshape %d : tensor<1x16x8x8xf32> -> tensor<1x1024xf32>
  %p = graph.matmul %f, %m transpose_b : (tensor<1x1024xf32>, tensor<10x1024xf32>) -> tensor<1x10xf32>
  %s = graph.softmax %p axis 1 {placement = "host"} : tensor<1x10xf32>
  return %s : tensor<1x10xf32>
}
// CHECK:      ops     MACs   share
// CHECK-NEXT:core    2  147,456  93.5 %
// CHECK-NEXT:host    5   10,240   6.5 %
// CHECK-NEXT:        4   10,240   6.5 %  dequantize, matmul, quantize, reshape: it computes with f32; the core computes with integers
// CHECK-NEXT:        1        0   0.0 %  softmax: it was placed there
