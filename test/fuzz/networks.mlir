// Small networks, of every kind of layer, that texts are made of. Divided as by --split-input-file.

func.func @main(%x: tensor<1x3x6x6xi8>, %r: tensor<1x5x6x6xi8>) -> tensor<1x5x3x3xi8> {
  %k = graph.constant dense<2> : tensor<5x3x3x3xi8>
  %b = graph.constant dense<[[[1]], [[2]], [[-300]], [[4]], [[5]]]> : tensor<5x1x1xi32>
  %c = graph.conv2d %x, %k pads [1, 1, 1, 1] : (tensor<1x3x6x6xi8>, tensor<5x3x3x3xi8>) -> tensor<1x5x6x6xi32>
  %s = graph.add %c, %b : (tensor<1x5x6x6xi32>, tensor<5x1x1xi32>) -> tensor<1x5x6x6xi32>
  %l = graph.relu %s : tensor<1x5x6x6xi32>
  %q = graph.requantize %l shift 3 : tensor<1x5x6x6xi32> -> tensor<1x5x6x6xi8>
  %a = graph.add %q, %r : (tensor<1x5x6x6xi8>, tensor<1x5x6x6xi8>) -> tensor<1x5x6x6xi32>
  %d = graph.requantize %a shift 1 : tensor<1x5x6x6xi32> -> tensor<1x5x6x6xi8>
  %p = graph.max_pool %d kernel [2, 2] strides [2, 2] : tensor<1x5x6x6xi8> -> tensor<1x5x3x3xi8>
  return %p : tensor<1x5x3x3xi8>
}

// -----

func.func @main(%x: tensor<2x8x16xi8>, %y: tensor<2x8x16xi8>) -> (tensor<2x8x8xi8>, tensor<2x8x16xi8>) {
  %w = graph.constant dense_resource<w> : tensor<16x16xi8>
  %a = graph.matmul %x, %w : (tensor<2x8x16xi8>, tensor<16x16xi8>) -> tensor<2x8x16xi32>
  %q = graph.requantize %a multiplier 3 shift 8 : tensor<2x8x16xi32> -> tensor<2x8x16xi8>
  %m = graph.matmul %q, %y transpose_b : (tensor<2x8x16xi8>, tensor<2x8x16xi8>) -> tensor<2x8x8xi32>
  %c = graph.clip %m min -1000 max 1000 : tensor<2x8x8xi32>
  %z = graph.requantize %c shift 4 : tensor<2x8x8xi32> -> tensor<2x8x8xi8>
  return %z, %q : tensor<2x8x8xi8>, tensor<2x8x16xi8>
}

{-# dialect_resources: { builtin: {
  w: "0x01000000000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0FF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"
} } #-}

// -----

func.func @main(%x: tensor<1x4x5x5xi8>, %y: tensor<1x2x5x5xi8>) -> (tensor<1x8x3x2xi8>, tensor<1x2x2x1xi8>) {
  %c = graph.concat %x, %y, %x axis 1 : (tensor<1x4x5x5xi8>, tensor<1x2x5x5xi8>, tensor<1x4x5x5xi8>) -> tensor<1x10x5x5xi8>
  %s = graph.slice %c starts [0, 1, 0, 0] : tensor<1x10x5x5xi8> -> tensor<1x8x5x5xi8>
  %t = graph.slice %x starts [0, 1, 0, 4] steps [1, 2, 4, 1] : tensor<1x4x5x5xi8> -> tensor<1x2x2x1xi8>
  %p = graph.pad %s low [0, 0, 1, 0] high [0, 0, 0, 1] value -128 : tensor<1x8x5x5xi8> -> tensor<1x8x6x6xi8>
  %v = graph.constant dense<[[[[1, 2], [3, 4]]]]> : tensor<1x1x2x2xi8>
  %b = graph.broadcast %v : tensor<1x1x2x2xi8> -> tensor<8x1x2x2xi8>
  %d = graph.conv2d %p, %b strides [2, 2] groups 8 : (tensor<1x8x6x6xi8>, tensor<8x1x2x2xi8>) -> tensor<1x8x3x3xi32>
  %q = graph.requantize %d shift dense<[1, 2, 3, 4, 5, 6, 7, 8]> : tensor<8xi32> axis 1 : tensor<1x8x3x3xi32> -> tensor<1x8x3x3xi8>
  %a = graph.avg_pool %q kernel [1, 2] : tensor<1x8x3x3xi8> -> tensor<1x8x3x2xi8>
  return %a, %t : tensor<1x8x3x2xi8>, tensor<1x2x2x1xi8>
}

// -----

func.func @main(%x: tensor<2x4x6xi8>, %f: tensor<6xf32>, %i: tensor<3xi64>) -> (tensor<2x6x4xi8>, tensor<2x4x3xf32>) {
  %w = graph.constant dense<[[1, -1, 2, -2, 3, -3], [4, 5, 6, 7, 8, 9], [0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2], [9, 8, 7, 6, 5, 4]]> : tensor<6x6xi8>
  %m = graph.matmul %x, %w : (tensor<2x4x6xi8>, tensor<6x6xi8>) -> tensor<2x4x6xi32>
  %q = graph.requantize %m shift 2 : tensor<2x4x6xi32> -> tensor<2x4x6xi8>
  %d = graph.dequantize %q scale 0.05 zero_point 3 : tensor<2x4x6xi8> -> tensor<2x4x6xf32>
  %n = graph.layer_norm %d, %f, %f axis 2 epsilon 1.0e-5 : (tensor<2x4x6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x4x6xf32>
  %g = graph.unary gelu %n : tensor<2x4x6xf32>
  %s = graph.softmax %g axis 2 : tensor<2x4x6xf32>
  %c = graph.compare lt %s, %g : (tensor<2x4x6xf32>, tensor<2x4x6xf32>) -> tensor<2x4x6xi1>
  %v = graph.where %c, %s, %n : (tensor<2x4x6xi1>, tensor<2x4x6xf32>, tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  %o = graph.gather %v, %i axis 2 : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<2x4x3xf32>
  %k = graph.quantize %s scale 0.0078125 : tensor<2x4x6xf32> -> tensor<2x4x6xi8>
  %t = graph.transpose %k permutation [0, 2, 1] : tensor<2x4x6xi8> -> tensor<2x6x4xi8>
  return %t, %o : tensor<2x6x4xi8>, tensor<2x4x3xf32>
}

// -----

#place = loc(fused["model"("layer.py":10:2), unknown])
#order = affine_map<(d0, d1, d2, d3) -> (d0, d1 floordiv 16, d2, d3, d1 mod 16)>
func.func @main(%x: tensor<1x16x4x4xi8> {affine_nest.order = #order}, %z: tensor<1x16x4x4xi32>) -> tensor<1x16x8x8xi8> {
  %w = graph.constant dense<-3> : tensor<16x16x2x2xi8> loc("weights.py":3:4)
  %u = graph.conv_transpose2d %x, %w strides [2, 2] : (tensor<1x16x4x4xi8>, tensor<16x16x2x2xi8>) -> tensor<1x16x8x8xi32> loc(#place)
  %l = graph.clip %z min -90 max 90 : tensor<1x16x4x4xi32>
  %g = graph.reduce max %l axes [2, 3] keep_dims : tensor<1x16x4x4xi32> -> tensor<1x16x1x1xi32>
  %s = graph.sub %u, %g : (tensor<1x16x8x8xi32>, tensor<1x16x1x1xi32>) -> tensor<1x16x8x8xi32>
  %q = graph.requantize %s multiplier 5 shift 6 {note = "of all"} : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  return %q : tensor<1x16x8x8xi8>
}
