// RUN: ROUNDTRIP
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// The ops of whole networks, in both syntaxes: floats, statistics, quantization, pieces.

func.func @binary(%x: tensor<2x3xi8>, %v: tensor<3xi8>, %f: tensor<2x3xf32>, %g: tensor<2x1xf32>, %c: tensor<2x3xi1>) {
// CHECK: func.func @binary(%x: tensor<2x3xi8>, %v: tensor<3xi8>, %f: tensor<2x3xf32>, %g: tensor<2x1xf32>, %c: tensor<2x3xi1>) {
  %sub = graph.sub %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  // CHECK-NEXT: %sub = graph.sub %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  // GENERIC: %sub = "graph.sub"(%x, %v) : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  %mul = graph.mul %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  // CHECK-NEXT: %mul = graph.mul %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  // GENERIC-NEXT: %mul = "graph.mul"(%x, %v) : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi32>
  %min = graph.min %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi8>
  // CHECK-NEXT: %min = graph.min %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi8>
  // GENERIC-NEXT: %min = "graph.min"(%x, %v) : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi8>
  %max = graph.max %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %max = graph.max %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %max = "graph.max"(%f, %g) : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %div = graph.div %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %div = graph.div %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %div = "graph.div"(%f, %g) : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %pow = graph.pow %f, %g {note = "kept"} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %pow = graph.pow %f, %g {note = "kept"} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %pow = "graph.pow"(%f, %g) {note = "kept"} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %less = graph.compare lt %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi1>
  // CHECK-NEXT: %less = graph.compare lt %x, %v : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi1>
  // GENERIC-NEXT: %less = "graph.compare"(%x, %v) <{kind = #graph<comparison lt>}> : (tensor<2x3xi8>, tensor<3xi8>) -> tensor<2x3xi1>
  %same = graph.compare eq %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xi1>
  // CHECK-NEXT: %same = graph.compare eq %f, %g : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xi1>
  // GENERIC-NEXT: %same = "graph.compare"(%f, %g) <{kind = #graph<comparison eq>}> : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xi1>
  %where = graph.where %c, %f, %g : (tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-NEXT: %where = graph.where %c, %f, %g : (tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // GENERIC-NEXT: %where = "graph.where"(%c, %f, %g) : (tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return
}

func.func @functions(%f: tensor<2x3xf32>, %d: tensor<2x3xf64>, %i: tensor<2x3xi64>) {
// CHECK: func.func @functions(%f: tensor<2x3xf32>, %d: tensor<2x3xf64>, %i: tensor<2x3xi64>) {
  %clip = graph.clip %f min -0.5 max 6.0 : tensor<2x3xf32>
  // CHECK-NEXT: %clip = graph.clip %f min -0.5 max 6.0 : tensor<2x3xf32>
  // GENERIC: %clip = "graph.clip"(%f) <{min = -5.000000e-01 : f32, max = 6.000000e+00 : f32}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %leaky = graph.leaky_relu %f slope 0.1 : tensor<2x3xf32>
  // CHECK-NEXT: %leaky = graph.leaky_relu %f slope 0.1 : tensor<2x3xf32>
  // GENERIC-NEXT: %leaky = "graph.leaky_relu"(%f) <{slope = 1.000000e-01 : f32}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %gelu = graph.unary gelu %f : tensor<2x3xf32>
  // CHECK-NEXT: %gelu = graph.unary gelu %f : tensor<2x3xf32>
  // GENERIC-NEXT: %gelu = "graph.unary"(%f) <{kind = #graph<function gelu>}> : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %tanh = graph.unary gelu_tanh %d : tensor<2x3xf64>
  // CHECK-NEXT: %tanh = graph.unary gelu_tanh %d : tensor<2x3xf64>
  // GENERIC-NEXT: %tanh = "graph.unary"(%d) <{kind = #graph<function gelu_tanh>}> : (tensor<2x3xf64>) -> tensor<2x3xf64>
  %abs = graph.unary abs %f {note = "kept"} : tensor<2x3xf32>
  // CHECK-NEXT: %abs = graph.unary abs %f {note = "kept"} : tensor<2x3xf32>
  // GENERIC-NEXT: %abs = "graph.unary"(%f) <{kind = #graph<function abs>}> {note = "kept"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %cast = graph.cast %i : tensor<2x3xi64> -> tensor<2x3xf32>
  // CHECK-NEXT: %cast = graph.cast %i : tensor<2x3xi64> -> tensor<2x3xf32>
  // GENERIC-NEXT: %cast = "graph.cast"(%i) : (tensor<2x3xi64>) -> tensor<2x3xf32>
  %flags = graph.cast %f : tensor<2x3xf32> -> tensor<2x3xi1>
  // CHECK-NEXT: %flags = graph.cast %f : tensor<2x3xf32> -> tensor<2x3xi1>
  // GENERIC-NEXT: %flags = "graph.cast"(%f) : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return
}

func.func @statistics(%x: tensor<1x8x5x5xf32>, %i: tensor<1x8x5x5xi8>, %s: tensor<5xf32>, %t: tensor<5x5xf32>) {
// CHECK: func.func @statistics(%x: tensor<1x8x5x5xf32>, %i: tensor<1x8x5x5xi8>, %s: tensor<5xf32>, %t: tensor<5x5xf32>) {
  %mean = graph.reduce mean %x axes [2, 3] keep_dims : tensor<1x8x5x5xf32> -> tensor<1x8x1x1xf32>
  // CHECK-NEXT: %mean = graph.reduce mean %x axes [2, 3] keep_dims : tensor<1x8x5x5xf32> -> tensor<1x8x1x1xf32>
  // GENERIC: %mean = "graph.reduce"(%x) <{kind = #graph<statistic mean>, axes = array<i64: 2, 3>, keep_dims}> : (tensor<1x8x5x5xf32>) -> tensor<1x8x1x1xf32>
  %sum = graph.reduce sum %i axes [1] : tensor<1x8x5x5xi8> -> tensor<1x5x5xi32>
  // CHECK-NEXT: %sum = graph.reduce sum %i axes [1] : tensor<1x8x5x5xi8> -> tensor<1x5x5xi32>
  // GENERIC-NEXT: %sum = "graph.reduce"(%i) <{kind = #graph<statistic sum>, axes = array<i64: 1>}> : (tensor<1x8x5x5xi8>) -> tensor<1x5x5xi32>
  %min = graph.reduce min %i axes [0, 3] : tensor<1x8x5x5xi8> -> tensor<8x5xi8>
  // CHECK-NEXT: %min = graph.reduce min %i axes [0, 3] : tensor<1x8x5x5xi8> -> tensor<8x5xi8>
  // GENERIC-NEXT: %min = "graph.reduce"(%i) <{kind = #graph<statistic min>, axes = array<i64: 0, 3>}> : (tensor<1x8x5x5xi8>) -> tensor<8x5xi8>
  %max = graph.reduce max %x axes [] : tensor<1x8x5x5xf32> -> tensor<1x8x5x5xf32>
  // CHECK-NEXT: %max = graph.reduce max %x axes [] : tensor<1x8x5x5xf32> -> tensor<1x8x5x5xf32>
  // GENERIC-NEXT: %max = "graph.reduce"(%x) <{kind = #graph<statistic max>, axes = array<i64>}> : (tensor<1x8x5x5xf32>) -> tensor<1x8x5x5xf32>
  %softmax = graph.softmax %x axis 1 : tensor<1x8x5x5xf32>
  // CHECK-NEXT: %softmax = graph.softmax %x axis 1 : tensor<1x8x5x5xf32>
  // GENERIC-NEXT: %softmax = "graph.softmax"(%x) <{axis = 1 : i64}> : (tensor<1x8x5x5xf32>) -> tensor<1x8x5x5xf32>
  %norm = graph.layer_norm %x, %s, %s axis 3 epsilon 1.0e-12 : (tensor<1x8x5x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<1x8x5x5xf32>
  // CHECK-NEXT: %norm = graph.layer_norm %x, %s, %s axis 3 epsilon 1.0e-12 : (tensor<1x8x5x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<1x8x5x5xf32>
  // GENERIC-NEXT: %norm = "graph.layer_norm"(%x, %s, %s) <{axis = 3 : i64, epsilon = 1.000000e-12 : f32}> : (tensor<1x8x5x5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<1x8x5x5xf32>
  %images = graph.layer_norm %x, %t, %t axis 2 epsilon 0.0 {note = "kept"} : (tensor<1x8x5x5xf32>, tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<1x8x5x5xf32>
  // CHECK-NEXT: %images = graph.layer_norm %x, %t, %t axis 2 epsilon 0.0 {note = "kept"} : (tensor<1x8x5x5xf32>, tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<1x8x5x5xf32>
  // GENERIC-NEXT: %images = "graph.layer_norm"(%x, %t, %t) <{axis = 2 : i64, epsilon = 0.000000e+00 : f32}> {note = "kept"} : (tensor<1x8x5x5xf32>, tensor<5x5xf32>, tensor<5x5xf32>) -> tensor<1x8x5x5xf32>
  %lrn = graph.lrn %x size 5 alpha 0.0001 beta 0.75 bias 1.0 : tensor<1x8x5x5xf32>
  // CHECK-NEXT: %lrn = graph.lrn %x size 5 alpha 0.0001 beta 0.75 bias 1.0 : tensor<1x8x5x5xf32>
  // GENERIC-NEXT: %lrn = "graph.lrn"(%x) <{size = 5 : i64, alpha = 1.000000e-04 : f32, beta = 7.500000e-01 : f32, bias = 1.000000e+00 : f32}> : (tensor<1x8x5x5xf32>) -> tensor<1x8x5x5xf32>
  return
}

func.func @quantization(%x: tensor<1x2x4x4xf32>, %q: tensor<1x2x4x4xi8>) {
// CHECK: func.func @quantization(%x: tensor<1x2x4x4xf32>, %q: tensor<1x2x4x4xi8>) {
  %plain = graph.quantize %x scale 0.05 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi8>
  // CHECK-NEXT: %plain = graph.quantize %x scale 0.05 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi8>
  // GENERIC: %plain = "graph.quantize"(%x) <{scale = 5.000000e-02 : f32, zero_point = 0 : i64}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi8>
  %shifted = graph.quantize %x scale 0.05 zero_point -3 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi16>
  // CHECK-NEXT: %shifted = graph.quantize %x scale 0.05 zero_point -3 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi16>
  // GENERIC-NEXT: %shifted = "graph.quantize"(%x) <{scale = 5.000000e-02 : f32, zero_point = -3 : i64}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi16>
  %channels = graph.quantize %x scale dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32> axis 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi8>
  // CHECK-NEXT: %channels = graph.quantize %x scale dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32> axis 1 : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xi8>
  // GENERIC-NEXT: %channels = "graph.quantize"(%x) <{scale = dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>, axis = 1 : i64, zero_point = 0 : i64}> : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xi8>
  %back = graph.dequantize %q scale 0.05 : tensor<1x2x4x4xi8> -> tensor<1x2x4x4xf32>
  // CHECK-NEXT: %back = graph.dequantize %q scale 0.05 : tensor<1x2x4x4xi8> -> tensor<1x2x4x4xf32>
  // GENERIC-NEXT: %back = "graph.dequantize"(%q) <{scale = 5.000000e-02 : f32, zero_point = 0 : i64}> : (tensor<1x2x4x4xi8>) -> tensor<1x2x4x4xf32>
  %all = graph.dequantize %q scale dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32> zero_point 7 axis 1 {note = "kept"} : tensor<1x2x4x4xi8> -> tensor<1x2x4x4xf32>
  // CHECK-NEXT: %all = graph.dequantize %q scale dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32> zero_point 7 axis 1 {note = "kept"} : tensor<1x2x4x4xi8> -> tensor<1x2x4x4xf32>
  // GENERIC-NEXT: %all = "graph.dequantize"(%q) <{scale = dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>, zero_point = 7 : i64, axis = 1 : i64}> {note = "kept"} : (tensor<1x2x4x4xi8>) -> tensor<1x2x4x4xf32>
  return
}

func.func @pieces(%x: tensor<1x4x5x5xi8>, %y: tensor<1x2x5x5xi8>, %f: tensor<4x1xf32>, %c: tensor<2x3xi1>, %i: tensor<1x7xi64>) {
// CHECK: func.func @pieces(%x: tensor<1x4x5x5xi8>, %y: tensor<1x2x5x5xi8>, %f: tensor<4x1xf32>, %c: tensor<2x3xi1>, %i: tensor<1x7xi64>) {
  %concat = graph.concat %x, %y, %x axis 1 : (tensor<1x4x5x5xi8>, tensor<1x2x5x5xi8>, tensor<1x4x5x5xi8>) -> tensor<1x10x5x5xi8>
  // CHECK-NEXT: %concat = graph.concat %x, %y, %x axis 1 : (tensor<1x4x5x5xi8>, tensor<1x2x5x5xi8>, tensor<1x4x5x5xi8>) -> tensor<1x10x5x5xi8>
  // GENERIC: %concat = "graph.concat"(%x, %y, %x) <{axis = 1 : i64}> : (tensor<1x4x5x5xi8>, tensor<1x2x5x5xi8>, tensor<1x4x5x5xi8>) -> tensor<1x10x5x5xi8>
  %slice = graph.slice %x starts [0, 1, 0, 0] : tensor<1x4x5x5xi8> -> tensor<1x2x5x5xi8>
  // CHECK-NEXT: %slice = graph.slice %x starts [0, 1, 0, 0] : tensor<1x4x5x5xi8> -> tensor<1x2x5x5xi8>
  // GENERIC-NEXT: %slice = "graph.slice"(%x) <{starts = array<i64: 0, 1, 0, 0>}> : (tensor<1x4x5x5xi8>) -> tensor<1x2x5x5xi8>
  %steps = graph.slice %x starts [0, 1, 0, 4] steps [1, 2, 4, 1] : tensor<1x4x5x5xi8> -> tensor<1x2x2x1xi8>
  // CHECK-NEXT: %steps = graph.slice %x starts [0, 1, 0, 4] steps [1, 2, 4, 1] : tensor<1x4x5x5xi8> -> tensor<1x2x2x1xi8>
  // GENERIC-NEXT: %steps = "graph.slice"(%x) <{starts = array<i64: 0, 1, 0, 4>, steps = array<i64: 1, 2, 4, 1>}> : (tensor<1x4x5x5xi8>) -> tensor<1x2x2x1xi8>
  %pad = graph.pad %x low [0, 0, 1, 2] high [0, 0, 3, 4] value -128 : tensor<1x4x5x5xi8> -> tensor<1x4x9x11xi8>
  // CHECK-NEXT: %pad = graph.pad %x low [0, 0, 1, 2] high [0, 0, 3, 4] value -128 : tensor<1x4x5x5xi8> -> tensor<1x4x9x11xi8>
  // GENERIC-NEXT: %pad = "graph.pad"(%x) <{low = array<i64: 0, 0, 1, 2>, high = array<i64: 0, 0, 3, 4>, value = -128 : i64}> : (tensor<1x4x5x5xi8>) -> tensor<1x4x9x11xi8>
  %border = graph.pad %f low [0, 1] high [0, 1] value 0.5 : tensor<4x1xf32> -> tensor<4x3xf32>
  // CHECK-NEXT: %border = graph.pad %f low [0, 1] high [0, 1] value 0.5 : tensor<4x1xf32> -> tensor<4x3xf32>
  // GENERIC-NEXT: %border = "graph.pad"(%f) <{low = array<i64: 0, 1>, high = array<i64: 0, 1>, value = 5.000000e-01 : f32}> : (tensor<4x1xf32>) -> tensor<4x3xf32>
  %broadcast = graph.broadcast %f : tensor<4x1xf32> -> tensor<2x4x7xf32>
  // CHECK-NEXT: %broadcast = graph.broadcast %f : tensor<4x1xf32> -> tensor<2x4x7xf32>
  // GENERIC-NEXT: %broadcast = "graph.broadcast"(%f) : (tensor<4x1xf32>) -> tensor<2x4x7xf32>
  %flags = graph.broadcast %c : tensor<2x3xi1> -> tensor<1x2x3xi1>
  // CHECK-NEXT: %flags = graph.broadcast %c : tensor<2x3xi1> -> tensor<1x2x3xi1>
  // GENERIC-NEXT: %flags = "graph.broadcast"(%c) : (tensor<2x3xi1>) -> tensor<1x2x3xi1>
  %rows = graph.gather %f, %i axis 0 : (tensor<4x1xf32>, tensor<1x7xi64>) -> tensor<1x7x1xf32>
  // CHECK-NEXT: %rows = graph.gather %f, %i axis 0 : (tensor<4x1xf32>, tensor<1x7xi64>) -> tensor<1x7x1xf32>
  // GENERIC-NEXT: %rows = "graph.gather"(%f, %i) <{axis = 0 : i64}> : (tensor<4x1xf32>, tensor<1x7xi64>) -> tensor<1x7x1xf32>
  %channels = graph.gather %x, %i axis 1 {note = "kept"} : (tensor<1x4x5x5xi8>, tensor<1x7xi64>) -> tensor<1x1x7x5x5xi8>
  // CHECK-NEXT: %channels = graph.gather %x, %i axis 1 {note = "kept"} : (tensor<1x4x5x5xi8>, tensor<1x7xi64>) -> tensor<1x1x7x5x5xi8>
  // GENERIC-NEXT: %channels = "graph.gather"(%x, %i) <{axis = 1 : i64}> {note = "kept"} : (tensor<1x4x5x5xi8>, tensor<1x7xi64>) -> tensor<1x1x7x5x5xi8>
  return
}

func.func @more_windows(%x: tensor<1x4x7x7xi8>, %w: tensor<4x2x3x3xi8>, %f: tensor<1x4x7x7xf32>, %v: tensor<4x1x3x3xf32>) {
// CHECK: func.func @more_windows(%x: tensor<1x4x7x7xi8>, %w: tensor<4x2x3x3xi8>, %f: tensor<1x4x7x7xf32>, %v: tensor<4x1x3x3xf32>) {
  %up = graph.conv_transpose2d %x, %w strides [2, 2] pads [1, 1, 1, 1] output_pads [1, 1] : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x2x14x14xi32>
  // CHECK-NEXT: %up = graph.conv_transpose2d %x, %w strides [2, 2] pads [1, 1, 1, 1] output_pads [1, 1] : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x2x14x14xi32>
  // GENERIC: %up = "graph.conv_transpose2d"(%x, %w) <{strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, output_pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}> : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x2x14x14xi32>
  %groups = graph.conv_transpose2d %x, %w dilations [2, 1] groups 2 : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x4x11x9xi32>
  // CHECK-NEXT: %groups = graph.conv_transpose2d %x, %w dilations [2, 1] groups 2 : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x4x11x9xi32>
  // GENERIC-NEXT: %groups = "graph.conv_transpose2d"(%x, %w) <{dilations = array<i64: 2, 1>, groups = 2 : i64, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_pads = array<i64: 0, 0>}> : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x4x11x9xi32>
  %floats = graph.conv2d %f, %v pads [1, 1, 1, 1] groups 4 : (tensor<1x4x7x7xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x7x7xf32>
  // CHECK-NEXT: %floats = graph.conv2d %f, %v pads [1, 1, 1, 1] groups 4 : (tensor<1x4x7x7xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x7x7xf32>
  // GENERIC-NEXT: %floats = "graph.conv2d"(%f, %v) <{pads = array<i64: 1, 1, 1, 1>, groups = 4 : i64, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}> : (tensor<1x4x7x7xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x7x7xf32>
  %inside = graph.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] exclude_pads : tensor<1x4x7x7xi8> -> tensor<1x4x4x4xi8>
  // CHECK-NEXT: %inside = graph.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] exclude_pads : tensor<1x4x7x7xi8> -> tensor<1x4x4x4xi8>
  // GENERIC-NEXT: %inside = "graph.avg_pool"(%x) <{kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, exclude_pads}> : (tensor<1x4x7x7xi8>) -> tensor<1x4x4x4xi8>
  return
}
