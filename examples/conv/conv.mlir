// A 3x3 convolution with bias, ReLU and requantization: the README's example.
func.func @main(%x: tensor<1x16x14x14xi8>) -> tensor<1x32x14x14xi8> {
  %w = graph.constant dense<1> : tensor<32x16x3x3xi8>
  %b = graph.constant dense<100> : tensor<32x1x1xi32>
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x16x14x14xi8>, tensor<32x16x3x3xi8>) -> tensor<1x32x14x14xi32>
  %s = graph.add %c, %b : (tensor<1x32x14x14xi32>, tensor<32x1x1xi32>) -> tensor<1x32x14x14xi32>
  %r = graph.relu %s : tensor<1x32x14x14xi32>
  %y = graph.requantize %r shift 7 : tensor<1x32x14x14xi32> -> tensor<1x32x14x14xi8>
  return %y : tensor<1x32x14x14xi8>
}
