func.func @main(%image: tensor<1x3x2x2xf32>, %place: tensor<1x4xi64>) -> (tensor<1x2x2x2xf32>, tensor<1x4xf32>) {
  %w = graph.constant dense<1.5> : tensor<2x3x1x1xf32>
  %table = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = graph.conv2d %image, %w : (tensor<1x3x2x2xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x2x2xf32>
  %z = graph.gather %table, %place axis 0 : (tensor<2xf32>, tensor<1x4xi64>) -> tensor<1x4xf32>
  func.return %y, %z : tensor<1x2x2x2xf32>, tensor<1x4xf32>
}
