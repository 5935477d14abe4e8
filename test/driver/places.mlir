// Errors name file, line and column; in a split file too, and after passes. One message, no module.
// RUN: nopt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s --match-full-lines
// RUN: not nopt %s --split-input-file 2>&1 | filecheck %s --check-prefix FAILS
// RUN: cat %s | not nopt --split-input-file 2>&1 | filecheck %s --check-prefix STDIN

func.func @unknown_operation(%x: tensor<2x3xi8>) {
  %y = graph.rely %x : tensor<2x3xi8>
  func.return
}
// CHECK: {{.*}}places.mlir:7:8: error: unknown operation 'graph.rely'; did you mean 'graph.relu'?
// CHECK-NEXT:   %y = graph.rely %x : tensor<2x3xi8>
// CHECK-NEXT:        ^^^^^^^^^^
// CHECK-NEXT: /{{/}} -----
// FAILS: {{^}}{{.*}}places.mlir:7:8: error: unknown operation 'graph.rely'; did you mean 'graph.relu'?{{$}}
// FAILS-NEXT: %y = graph.rely
// FAILS-NEXT: ^^^^^^^^^^
// FAILS-NOT: {{.}}
// STDIN: {{^}}stdin:7:8: error: unknown operation 'graph.rely'

// -----

func.func @unknown_dialect(%x: tensor<2x3xi8>) {
  %y = "grahp.relu"(%x) : (tensor<2x3xi8>) -> tensor<2x3xi8>
  func.return
}
// CHECK-NEXT: {{.*}}places.mlir:23:9: error: unknown operation 'grahp.relu'; did you mean 'graph'?
// CHECK-NEXT:   %y = "grahp.relu"(%x) : (tensor<2x3xi8>) -> tensor<2x3xi8>
// CHECK-NEXT:         ^^^^^^^^^^
// CHECK-NEXT: /{{/}} -----

// -----

func.func @generic_operation(%x: tensor<2x3xi8>) {
  %y = "graph.relu"(%x) : (tensor<2x3xi8>) -> tensor<2x3xi16>
  func.return
}
// CHECK-NEXT: {{.*}}places.mlir:34:3: error: 'graph.relu' op result 'result' at position 0 does not verify: attribute tensor<2x3xi8> expected from variable 'T', but got tensor<2x3xi16>
// CHECK-NEXT: /{{/}} -----

// -----

func.func @no_terminator(%x: tensor<2x3xi8>) {
    %y = graph.relu %x : tensor<2x3xi8>
}
// CHECK-NEXT: {{.*}}places.mlir:43:5: error: 'graph.relu' op terminates block in single-block region but is not a terminator
// CHECK-NEXT: /{{/}} -----

// -----

func.func @undefined_value() {
  func.return %x : i32
}
// CHECK-NEXT: {{.*}}places.mlir:51:15: error: %x is not defined
// CHECK-NEXT:   func.return %x : i32
// CHECK-NEXT:               ^^
