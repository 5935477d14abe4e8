func.func @main(%x: tensor<8x16xi8>) -> tensor<8x24xi8> {
  %w = graph.constant dense<1> : tensor<16x24xi8>
  %y = graph.matmul %x, %w : (tensor<8x16xi8>, tensor<16x24xi8>) -> tensor<8x24xi32>
  %z = graph.requantize %y shift 4 : tensor<8x24xi32> -> tensor<8x24xi8>
  func.return %z : tensor<8x24xi8>
}
