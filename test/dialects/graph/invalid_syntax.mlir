// RUN: PARSING_DIAG
// What the parser refuses, with the place.

func.func @f(%x: i8) {
  %y = graph.relu %x : i8
  return
}
// CHECK: error: i8 found, expected a tensor of known rank

// -----

func.func @f() {
  %c = graph.constant dense<1> : vector<2xi8>
  return
}
// CHECK: error: vector<2xi8> found, expected a tensor of known rank

// -----

func.func @f(%x: tensor<6xi8>) {
  %y = graph.reshape %x : tensor<6xi8> -> tensor<*xi8>
  return
}
// CHECK: error: tensor<*xi8> found, expected a tensor of known rank

// -----

func.func @f(%x: tensor<6xi8>) {
  %y = graph.clip %x max 3 min 1 : tensor<6xi8>
  return
}
// CHECK: error: Expected 'min'

// -----

func.func @f(%x: tensor<6xi32>) {
  %y = graph.requantize %x multiplier 4294967296 shift 3 : tensor<6xi32> -> tensor<6xi8>
  return
}
// CHECK: error: Integer value 4294967296 is out of range for type i32 which supports values in the range [-2147483648, 4294967296)

// -----

func.func @f(%x: tensor<6xi32>) {
  %y = graph.requantize %x multiplier 5 : tensor<6xi32> -> tensor<6xi8>
  return
}
// CHECK: error: Expected 'shift'

// -----

func.func @f(%x: tensor<6xi32>) {
  %y = graph.requantize %x shift "one" : tensor<6xi32> -> tensor<6xi8>
  return
}
// CHECK: error: Unexpected attribute "one"

// -----

func.func @f(%x: tensor<6xi32>) {
  %y = graph.maxpool %x : tensor<6xi32>
  return
}
// CHECK: error: unknown operation 'graph.maxpool'; did you mean 'graph.max_pool'?

// -----

func.func @f(%x: tensor<4611686018427387904x4xi8>) {
  %y = graph.relu %x : tensor<4611686018427387904x4xi8>
  return
}
// CHECK: error: tensor<4611686018427387904x4xi8> found, expected at most 2147483648 elements
