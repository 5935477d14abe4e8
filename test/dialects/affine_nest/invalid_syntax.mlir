// RUN: PARSING_DIAG
// What the parser refuses, with the place.

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i, %j) = (4) {
  } : tensor<4xi8>
  return
}
// CHECK: error: expected 2 extents, found 1

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : i8
  return
}
// CHECK: error: expected a tensor type, found i8

// -----

func.func @f(%x: i8) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : i8
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected a tensor type, found i8

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] pad 0.5 : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected an integer pad, found 0.5

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] pad 300 : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: Integer value 300 is out of range for type i8 which supports values in the range [-128, 256)

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] pad : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected a number

// -----

func.func @f(%x: tensor<4xindex>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] pad 0 : tensor<4xindex>
    affine_nest.yield %a : index
  } : tensor<4xindex>
  return
}
// CHECK: error: expected an integer or float element type, found index

// -----

func.func @f(%x: tensor<4xi8>) {
  %n = arith.constant 1 : index
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%n] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected an iterator of the enclosing nest

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%j] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected an iterator of the enclosing nest

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected %value, dN or a number, found 'i'

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i + ] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected an affine expression

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i 2] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected an operator before the number

// -----

func.func @f(%x: tensor<4x4xi8>) {
  %y = affine_nest.for (%i, %j) = (4, 4) {
    %a = affine_nest.load %x[%i * %j, %j] pad 0 : tensor<4x4xi8>
    affine_nest.yield %a : i8
  } : tensor<4x4xi8>
  return
}
// CHECK: error: expected a number on one side of '*'

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i floordiv 0] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected a positive number to divide by

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i mod %i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected a positive number to divide by

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %b = affine_nest.reduce mul %a : i8
    affine_nest.yield %b : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: Expected `add`, `max`, or `min`.

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i) = (4) reduce (%k) = (1) into %d[%i + %k] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: expected a parallel iterator, found %k

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) attributes {placement = "core"} {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: expected 'reduce', 'into' or the body in braces
