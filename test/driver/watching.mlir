// What is between passes: printed, as differences, as files. Weights are left out where that is said.
// RUN: nopt %s -p cse,canonicalize --print-ir-after=canonicalize -o %t.out 2>&1 | filecheck %s --check-prefix AFTER
// RUN: nopt %s -p cse,canonicalize --print-ir-before=all -o %t.out 2>&1 | filecheck %s --check-prefix BEFORE
// RUN: nopt %s -p cse,canonicalize --print-ir-changed -o %t.out 2>&1 | filecheck %s --check-prefix CHANGED
// RUN: rm -rf %t.ir && nopt %s -p cse,canonicalize --dump-ir %t.ir -o %t.out && ls %t.ir | filecheck %s --check-prefix FILES
// RUN: nopt %t.ir/01-cse.mlir -p canonicalize | diff - %t.out
// RUN: nopt %s --elide-resources | filecheck %s --check-prefix ELIDED
// RUN: nopt %s -p cse --print-ir-after=all --elide-resources -o %t.out 2>&1 | filecheck %s --check-prefix ELIDED
// RUN: rm -rf %t.ir && not nopt %s -p 'cse,attach-machine{config=none}' --dump-ir %t.ir -o %t.none 2>&1 | filecheck %s --check-prefix FAILED
// RUN: ls %t.ir | filecheck %s --check-prefix KEPT
// RUN: not nopt %s -p cse --print-ir-after=canonicalise 2>&1 | filecheck %s --check-prefix UNKNOWN
// RUN: not nopt %s -p cse --dump-ir %s 2>&1 | filecheck %s --check-prefix PLACE

func.func @main(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %w = graph.constant dense_resource<weights> : tensor<16xi8>
  %a = graph.add %x, %w : (tensor<4x16xi8>, tensor<16xi8>) -> tensor<4x16xi8>
  %r = graph.relu %a : tensor<4x16xi8>
  %s = graph.relu %r : tensor<4x16xi8>
  return %s : tensor<4x16xi8>
}

// AFTER-NOT: after cse
// AFTER: IR Dump after canonicalize
// AFTER: graph.relu
// AFTER-NOT: graph.relu
// AFTER: weights: "0x

// BEFORE: IR Dump before cse
// BEFORE: IR Dump before canonicalize
// BEFORE: graph.relu

// CHANGED: IR Dump after cse (no change)
// CHANGED-NEXT: IR Dump after canonicalize //
// CHANGED: {{^}}-    %s = graph.relu %r
// CHANGED-NOT: 0x01

// FILES: 00-input.mlir
// FILES-NEXT: 01-cse.mlir
// FILES-NEXT: 02-canonicalize.mlir

// FAILED: {{^}}error: pass 'attach-machine': none: no such file or preset
// KEPT: 00-input.mlir
// KEPT-NEXT: 01-cse.mlir

// ELIDED: dense_resource<weights>
// ELIDED-NOT: 0x01

// UNKNOWN: {{^}}error: no pass 'canonicalise' runs; these run: cse
// PLACE: error: {{.*}}watching.mlir

{-#
  dialect_resources: {
    builtin: {
      weights: "0x010000000102030405060708090A0B0C0D0E0F10"
    }
  }
#-}
