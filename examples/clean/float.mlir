// Two batch norms as they are imported, behind a convolution and before one.
func.func @main(%x: tensor<1x2x8x8xf32>) -> tensor<1x1x8x8xf32> {
  %w = graph.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %scale = graph.constant dense<[[[2.0]], [[0.5]]]> : tensor<2x1x1xf32>
  %shift = graph.constant dense<[[[0.25]], [[-1.0]]]> : tensor<2x1x1xf32>
  %conv = graph.conv2d %x, %w : (tensor<1x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %scaled = graph.mul %conv, %scale : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %norm = graph.add %scaled, %shift : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %gate = graph.unary sigmoid %norm : tensor<1x2x8x8xf32>
  %swish = graph.mul %norm, %gate : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %rescaled = graph.mul %swish, %scale : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %relu = graph.relu %rescaled : tensor<1x2x8x8xf32>
  %head = graph.constant dense<[[[[1.0]], [[-1.0]]]]> : tensor<1x2x1x1xf32>
  %y = graph.conv2d %relu, %head : (tensor<1x2x8x8xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x8x8xf32>
  return %y : tensor<1x1x8x8xf32>
}
