// A quantized layer between float ops.
func.func @main(%x: tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32> {
  %w = graph.constant dense<1> : tensor<16x16x3x3xi8>
  %q = graph.quantize %x scale 0.5 : tensor<1x16x14x14xf32> -> tensor<1x16x14x14xi8>
  %c = graph.conv2d %q, %w pads [1, 1, 1, 1] : (tensor<1x16x14x14xi8>, tensor<16x16x3x3xi8>) -> tensor<1x16x14x14xi32>
  %r = graph.relu %c : tensor<1x16x14x14xi32>
  %y = graph.requantize %r shift 7 : tensor<1x16x14x14xi32> -> tensor<1x16x14x14xi8>
  %d = graph.dequantize %y scale 0.5 : tensor<1x16x14x14xi8> -> tensor<1x16x14x14xf32>
  %s = graph.softmax %d axis 1 : tensor<1x16x14x14xf32>
  %p = graph.quantize %s scale 0.01 : tensor<1x16x14x14xf32> -> tensor<1x16x14x14xi8>
  %m = graph.max_pool %p kernel [3, 3] pads [1, 1, 1, 1] : tensor<1x16x14x14xi8> -> tensor<1x16x14x14xi8>
  %z = graph.dequantize %m scale 0.01 : tensor<1x16x14x14xi8> -> tensor<1x16x14x14xf32>
  return %z : tensor<1x16x14x14xf32>
}
