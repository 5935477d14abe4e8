// RUN: VERIFY_DIAG
// Every rule of the verifiers of the ops of whole networks.

func.func @f(%x: tensor<2xf32>, %y: tensor<2xi8>) {
  %r = graph.compare lt %x, %y : (tensor<2xf32>, tensor<2xi8>) -> tensor<2xi1>
  return
}
// CHECK: error: 'graph.compare' op rhs has element type i8, expected f32 as in lhs

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.compare lt %x, %x : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.compare' op result has type tensor<2xi8>, expected tensor<2xi1>

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.where %x, %x, %x : (tensor<2xi8>, tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.where' op condition has element type i8, expected i1

// -----

func.func @f(%c: tensor<3xi1>, %x: tensor<2xi8>) {
  %r = graph.where %c, %x, %x : (tensor<3xi1>, tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.where' op condition has shape [3], expected one that broadcasts with [2]

// -----

func.func @f(%c: tensor<2xi1>, %x: tensor<2xi8>, %y: tensor<2xi16>) {
  %r = graph.where %c, %x, %y : (tensor<2xi1>, tensor<2xi8>, tensor<2xi16>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.where' op rhs has element type i16, expected i8 as in lhs

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.div %x, %x : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.div' op lhs has element type i8, expected f32 or f64

// -----

func.func @f(%x: tensor<2xi32>) {
  %r = graph.pow %x, %x : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return
}
// CHECK: error: 'graph.pow' op lhs has element type i32, expected f32 or f64

// -----

func.func @f(%x: tensor<2xf32>, %y: tensor<2xf64>) {
  %r = graph.max %x, %y : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xf64>
  return
}
// CHECK: error: 'graph.max' op lhs has element type f32, expected f64 to give f64

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.unary exp %x : tensor<2xi8>
  return
}
// CHECK: error: 'graph.unary' op input has element type i8, expected f32 or f64

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.leaky_relu %x slope 0.5 : tensor<2xi8>
  return
}
// CHECK: error: 'graph.leaky_relu' op input has element type i8, expected f32 or f64

// -----

func.func @f(%x: tensor<2xf32>) {
  %r = graph.clip %x min 0 max 6 : tensor<2xf32>
  return
}
// CHECK: error: 'graph.clip' op min is 0, expected a finite float for f32

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.clip %x min 0.0 max 6.0 : tensor<2xi8>
  return
}
// CHECK: error: 'graph.clip' op min is 0.0, expected a finite integer for i8

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.cast %x : tensor<2xi8> -> tensor<3xi16>
  return
}
// CHECK: error: 'graph.cast' op result has type tensor<3xi16>, expected tensor<2xi16>

// -----

func.func @f(%x: tensor<2xi8>) {
  %r = graph.cast %x : tensor<2xi8> -> tensor<2xi4>
  return
}
// CHECK: error: 'graph.cast' op result has element type i4, expected i1 or i8 or i16 or i32 or i64 or f32 or f64

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.reduce sum %x axes [1, 0] : tensor<2x3xi8> -> tensor<i32>
  return
}
// CHECK: error: 'graph.reduce' op axes are [1, 0], expected some of 0 to 1, rising

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.reduce sum %x axes [2] : tensor<2x3xi8> -> tensor<2x3xi32>
  return
}
// CHECK: error: 'graph.reduce' op axes are [2], expected some of 0 to 1, rising

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.reduce sum %x axes [1] : tensor<2x3xi8> -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.reduce' op result has type tensor<2xi8>, expected tensor<2xi32>

// -----

func.func @f(%x: tensor<2x3xi64>) {
  %r = graph.reduce mean %x axes [1] : tensor<2x3xi64> -> tensor<2xi64>
  return
}
// CHECK: error: 'graph.reduce' op input has element type i64, expected i8 or i16 or i32 or f32 or f64

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.softmax %x axis 1 : tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.softmax' op input has element type i8, expected f32 or f64

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.softmax %x axis 2 : tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.softmax' op axis is 2, expected 0 to 1

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  %r = graph.layer_norm %x, %s, %s axis 1 epsilon 0.1 : (tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.layer_norm' op scale has type tensor<2xf32>, expected tensor<3xf32>

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %b: tensor<1xf32>) {
  %r = graph.layer_norm %x, %s, %b axis 1 epsilon 0.1 : (tensor<2x3xf32>, tensor<3xf32>, tensor<1xf32>) -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.layer_norm' op bias has type tensor<1xf32>, expected tensor<3xf32>

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  %r = graph.layer_norm %x, %s, %s axis -1 epsilon 0.1 : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.layer_norm' op axis is -1, expected 0 to 1

// -----

func.func @f(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  %r = graph.layer_norm %x, %s, %s axis 1 epsilon -0.5 : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.layer_norm' op epsilon is -0.5, expected at least 0.0

// -----

func.func @f(%x: tensor<1x8xf32>) {
  %r = graph.lrn %x size 5 alpha 0.1 beta 0.75 bias 1.0 : tensor<1x8xf32>
  return
}
// CHECK: error: 'graph.lrn' op input has rank 2, expected 4 (NCHW)

// -----

func.func @f(%x: tensor<1x8x2x2xf32>) {
  %r = graph.lrn %x size 0 alpha 0.1 beta 0.75 bias 1.0 : tensor<1x8x2x2xf32>
  return
}
// CHECK: error: 'graph.lrn' op size is 0, expected at least 1

// -----

func.func @f(%x: tensor<2x3xf64>) {
  %r = graph.quantize %x scale 0.5 : tensor<2x3xf64> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op input has element type f64, expected f32

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale 0.5 : tensor<2x3xf32> -> tensor<2x3xi64>
  return
}
// CHECK: error: 'graph.quantize' op result has element type i64, expected i8 or i16 or i32

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale -0.5 : tensor<2x3xf32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op scale is -0.5, expected a finite number above 0

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale 0.5 zero_point 128 : tensor<2x3xf32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op zero_point is 128, expected -128 to 127 as i8 holds

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale 0.5 axis 1 : tensor<2x3xf32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op axis is given, expected no axis without a vector

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale dense<[0.5, 0.5]> : tensor<2xf32> : tensor<2x3xf32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op axis is missing, expected 0 to 1 for a vector

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale dense<[0.5, 0.5]> : tensor<2xf32> axis 1 : tensor<2x3xf32> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.quantize' op scale has type tensor<2xf32>, expected tensor<3xf32>

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.quantize %x scale 0.5 : tensor<2x3xf32> -> tensor<3x2xi8>
  return
}
// CHECK: error: 'graph.quantize' op result has type tensor<3x2xi8>, expected tensor<2x3xi8>

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.dequantize %x scale 0.5 : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.dequantize' op input has element type f32, expected i8 or i16 or i32

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.dequantize %x scale 0.5 : tensor<2x3xi8> -> tensor<2x3xf64>
  return
}
// CHECK: error: 'graph.dequantize' op result has type tensor<2x3xf64>, expected tensor<2x3xf32>

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.dequantize %x scale 0.5 zero_point -129 : tensor<2x3xi8> -> tensor<2x3xf32>
  return
}
// CHECK: error: 'graph.dequantize' op zero_point is -129, expected -128 to 127 as i8 holds

// -----

func.func @f() {
  %r = graph.concat axis 0 : () -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.concat' op inputs are none, expected at least one

// -----

func.func @f(%x: tensor<2x3xi8>, %y: tensor<3x3xi8>) {
  %r = graph.concat %x, %y axis 1 : (tensor<2x3xi8>, tensor<3x3xi8>) -> tensor<2x6xi8>
  return
}
// CHECK: error: 'graph.concat' op input 1 has type tensor<3x3xi8>, expected one like tensor<2x3xi8> but for axis 1

// -----

func.func @f(%x: tensor<2x3xi8>, %y: tensor<2x3xi16>) {
  %r = graph.concat %x, %y axis 1 : (tensor<2x3xi8>, tensor<2x3xi16>) -> tensor<2x6xi8>
  return
}
// CHECK: error: 'graph.concat' op input 1 has type tensor<2x3xi16>, expected one like tensor<2x3xi8> but for axis 1

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.concat %x, %x axis 2 : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x6xi8>
  return
}
// CHECK: error: 'graph.concat' op axis is 2, expected 0 to 1

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.slice %x starts [0] : tensor<2x3xi8> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.slice' op starts has 1 values, expected 2

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.slice %x starts [0, 0] : tensor<2x3xi8> -> tensor<2xi8>
  return
}
// CHECK: error: 'graph.slice' op result has rank 1, expected 2 as the input

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.slice %x starts [0, -1] : tensor<2x3xi8> -> tensor<2x1xi8>
  return
}
// CHECK: error: 'graph.slice' op starts is [0, -1], expected values of at least 0

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.slice %x starts [0, 0] steps [1, 0] : tensor<2x3xi8> -> tensor<2x1xi8>
  return
}
// CHECK: error: 'graph.slice' op steps is [1, 0], expected values of at least 1

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.slice %x starts [0, 1] steps [1, 2] : tensor<2x3xi8> -> tensor<2x2xi8>
  return
}
// CHECK: error: 'graph.slice' op last element is 3, expected at most 2, the last of axis 1

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.pad %x low [0] high [0, 0] value 0 : tensor<2x3xi8> -> tensor<2x3xi8>
  return
}
// CHECK: error: 'graph.pad' op low has 1 values, expected 2

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.pad %x low [0, 0] high [0, -1] value 0 : tensor<2x3xi8> -> tensor<2x2xi8>
  return
}
// CHECK: error: 'graph.pad' op high is [0, -1], expected values of at least 0

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.pad %x low [0, 0] high [0, 1] value 128 : tensor<2x3xi8> -> tensor<2x4xi8>
  return
}
// CHECK: error: 'graph.pad' op value is 128, expected -128 to 127 as i8 holds

// -----

func.func @f(%x: tensor<2x3xf32>) {
  %r = graph.pad %x low [0, 0] high [0, 1] value 0 : tensor<2x3xf32> -> tensor<2x4xf32>
  return
}
// CHECK: error: 'graph.pad' op value is 0, expected a float for f32

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.pad %x low [0, 0] high [0, 1] value 0 : tensor<2x3xi8> -> tensor<2x5xi8>
  return
}
// CHECK: error: 'graph.pad' op result has type tensor<2x5xi8>, expected tensor<2x4xi8>

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.broadcast %x : tensor<2x3xi8> -> tensor<2x6xi8>
  return
}
// CHECK: error: 'graph.broadcast' op result has shape [2, 6], expected one that broadcasts with [2, 3]

// -----

func.func @f(%x: tensor<2x3xi8>) {
  %r = graph.broadcast %x : tensor<2x3xi8> -> tensor<1x3xi8>
  return
}
// CHECK: error: 'graph.broadcast' op result has shape [1, 3], expected one that [2, 3] broadcasts to

// -----

func.func @f(%x: tensor<2x3xi8>, %i: tensor<1xf32>) {
  %r = graph.gather %x, %i axis 0 : (tensor<2x3xi8>, tensor<1xf32>) -> tensor<1x3xi8>
  return
}
// CHECK: error: 'graph.gather' op indices has element type f32, expected i8 or i16 or i32 or i64

// -----

func.func @f(%x: tensor<2x3xi8>, %i: tensor<1xi64>) {
  %r = graph.gather %x, %i axis 2 : (tensor<2x3xi8>, tensor<1xi64>) -> tensor<1x3xi8>
  return
}
// CHECK: error: 'graph.gather' op axis is 2, expected 0 to 1

// -----

func.func @f(%x: tensor<2x3xi8>, %i: tensor<1xi64>) {
  %r = graph.gather %x, %i axis 1 : (tensor<2x3xi8>, tensor<1xi64>) -> tensor<1x3xi8>
  return
}
// CHECK: error: 'graph.gather' op result has type tensor<1x3xi8>, expected tensor<2x1xi8>

// -----

func.func @f(%x: tensor<1x4x7x7xi8>, %w: tensor<3x2x3x3xi8>) {
  %r = graph.conv_transpose2d %x, %w : (tensor<1x4x7x7xi8>, tensor<3x2x3x3xi8>) -> tensor<1x2x9x9xi32>
  return
}
// CHECK: error: 'graph.conv_transpose2d' op weight has 3 input channels, expected 4 as in the input

// -----

func.func @f(%x: tensor<1x4x7x7xi8>, %w: tensor<4x2x3x3xi8>) {
  %r = graph.conv_transpose2d %x, %w groups 3 : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x6x9x9xi32>
  return
}
// CHECK: error: 'graph.conv_transpose2d' op groups is 3, expected a divisor of 4 input channels

// -----

func.func @f(%x: tensor<1x4x1x1xi8>, %w: tensor<4x2x3x3xi8>) {
  %r = graph.conv_transpose2d %x, %w pads [2, 0, 2, 0] : (tensor<1x4x1x1xi8>, tensor<4x2x3x3xi8>) -> tensor<1x2x1x3xi32>
  return
}
// CHECK: error: 'graph.conv_transpose2d' op result height is -1, expected at least 1

// -----

func.func @f(%x: tensor<1x4x7x7xi8>, %w: tensor<4x2x3x3xi8>) {
  %r = graph.conv_transpose2d %x, %w output_pads [1] : (tensor<1x4x7x7xi8>, tensor<4x2x3x3xi8>) -> tensor<1x2x9x9xi32>
  return
}
// CHECK: error: 'graph.conv_transpose2d' op output_pads has 1 values, expected 2
