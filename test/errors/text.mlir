// Malformed text: file, line and column, what was expected, and the line with carets below what was found.
// RUN: nopt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s
// RUN: not nopt %s --split-input-file -o %t 2>&1 | filecheck %s --check-prefix ONE
// RUN: not ls %t

func.func @undefined(%x: tensor<2x3xi8>) {
  %y = graph.add %x, %z : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi8>
  func.return
}
// CHECK: text.mlir:7:22: error: %z is not defined
// CHECK-NEXT: %y = graph.add %x, %z : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi8>
// CHECK-NEXT: {{^}}                     ^^{{$}}
// ONE: {{^}}{{.*}}text.mlir:7:22: error: %z is not defined
// ONE-NEXT: %y = graph.add %x, %z : (tensor<2x3xi8>, tensor<2x3xi8>) -> tensor<2x3xi8>
// ONE-NEXT: ^^
// ONE-NOT: {{.}}

// -----

func.func @too_early(%x: tensor<2x3xi8>) {
  %y = graph.relu %z : tensor<2x3xi8>
  %z = graph.relu %x : tensor<2x3xi8>
  func.return
}
// CHECK: text.mlir:21:19: error: %z is used before it is defined
// CHECK-NEXT: %y = graph.relu %z : tensor<2x3xi8>

// -----

func.func @in_a_circle() {
  %y = graph.relu %y : tensor<2x3xi8>
  func.return
}
// CHECK: text.mlir:31:19: error: %y is used before it is defined

// -----

func.func @unknown_type(%x: tensor<2x3xj8>) {
  func.return
}
// CHECK: text.mlir:38:40: error: expected an element type

// -----

func.func @unknown_dialect_type(%x: !graph.tensor<2x3xi8>) {
  func.return
}
// CHECK: text.mlir:45:38: error: unknown type 'graph.tensor'

// -----

func.func @another_type(%x: tensor<2x3xi8>) {
  %y = graph.relu %x : tensor<2x4xi8>
  func.return
}
// CHECK: text.mlir:53:19: error: operand is used with type tensor<2x4xi8>, but has been previously used or defined with type tensor<2x3xi8>

// -----

func.func @another_shape(%x: tensor<2x3xi8>, %w: tensor<4x5xi8>) {
  %y = graph.matmul %x, %w : (tensor<2x3xi8>, tensor<4x5xi8>) -> tensor<2x5xi32>
  func.return
}
// CHECK: text.mlir:61:3: error: 'graph.matmul' op rhs has inner dimension 4, expected 3 as in lhs

// -----

func.func @dynamic_shape(%x: tensor<?x3xi8>) {
  %y = graph.relu %x : tensor<?x3xi8>
  func.return
}
// CHECK: text.mlir:69:3: error: 'graph.relu' op input has type tensor<?x3xi8>, expected static dimensions of at least 1

// -----

func.func @memory(%x: memref<2x3xi8>) {
  %y = graph.relu %x : memref<2x3xi8>
  func.return
}
// CHECK: text.mlir:77:3: error: memref<2x3xi8> found, expected a tensor of known rank

// -----

func.func @returns_another_type(%x: tensor<2x3xi8>) -> tensor<3x2xi8> {
  func.return %x : tensor<2x3xi8>
}
// CHECK: text.mlir:85:3: error: 'func.return' op Expected arguments to have the same types as the function output types: expected [tensor<3x2xi8>], got [tensor<2x3xi8>]

// -----

func.func @not_closed(%x: tensor<2x3xi8>) {
  %y = graph.relu %x : tensor<2x3xi8>
// CHECK: text.mlir:{{[0-9]+}}:1: error: expected an operation or '}', found the end of the text

// -----

module attributes {note = "a long enough remark without its end} {
}
// CHECK: text.mlir:97:27: error: expected the closing quote, found the end of the line
// CHECK-NEXT: module attributes

// -----

module attributes {note = "a remark with an unknown \q escape"} {
}
// CHECK: text.mlir:104:27: error: expected the closing quote, found the unknown escape '\q'

// -----

// A name that the text does not have in one piece.
module attributes {note = #graph<kind add>} {
}
// CHECK: text.mlir:111:34: error: unknown attribute 'graph.kind'
// CHECK-NEXT: module attributes
// CHECK-NEXT: {{^}}                                 ^^^^{{$}}

// -----

"grap\68.relo"() : () -> ()
// CHECK: text.mlir:119:2: error: unknown operation 'graph.relo'; did you mean 'graph.relu'?

// -----

"graph.relo" () : () -> ()
// CHECK: text.mlir:124:2: error: unknown operation 'graph.relo'; did you mean 'graph.relu'?
// CHECK-NEXT: "graph.relo" () : () -> ()
// CHECK-NEXT: {{^}} ^^^^^^^^^^{{$}}

// -----

#several = dense<(300, 0)> : tensor<2xcomplex<i8>>
// CHECK: text.mlir:131:1: error: a number is out of range

// -----

#by_zero = affine_map<() -> (0 floordiv 0)>
// CHECK: error: expected an affine map, found one that divides by 0
