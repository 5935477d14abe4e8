// Locations as mlir-opt prints them: aliases after their uses, `loc` on arguments and loops' variables.
// RUN: nopt %s --print-debuginfo | filecheck %s
// RUN: nopt %s --print-debuginfo | nopt --print-debuginfo | filecheck %s
// RUN: nopt %s --print-debuginfo --print-op-generic | filecheck %s --check-prefix GENERIC
// RUN: echo 'func.func private @f() loc(#missing)' | not nopt 2>&1 | filecheck %s --check-prefix MISSING
// RUN: echo '#loc = loc(#loc) func.func private @f() loc(#loc)' | not nopt 2>&1 | filecheck %s --check-prefix CIRCLE

func.func @main(%x: memref<8xi32> loc(#loc1), %y: memref<8xi32> loc(#loc2)) {
  affine.for %i loc("a.c":2:8) = 0 to 8 {
    %v = affine.load %x[%i] : memref<8xi32> loc("a.c":3:8)
    affine.store %v, %y[%i] : memref<8xi32> loc(#loc4)
  } loc(callsite("f" at #loc2))
  return loc(fused<{pass = "cse"}>[#loc1, "name"(#loc2), fused<"inlined">["m.py":8:9]])
} loc(#loc)
#loc = loc("m.py":1:1)
#loc1 = loc("m.py":2:3)
#loc2 = loc("m.py":4:5)
#loc4 = loc(callsite(#loc3 at #loc1))
#loc3 = loc("m.py":6:7)

// CHECK: func.func @main(%x: memref<8xi32> loc("m.py":2:3), %y: memref<8xi32> loc("m.py":4:5))
// CHECK-NEXT: affine.for %i = 0 to 8 {
// CHECK-NEXT: %v = affine.load %x[%i] : memref<8xi32> loc("a.c":3:8)
// CHECK-NEXT: affine.store %v, %y[%i] : memref<8xi32> loc(callsite("m.py":6:7 at "m.py":2:3))
// CHECK-NEXT: } loc(callsite("f" at "m.py":4:5))
// CHECK-NEXT: func.return loc(fused<{pass = "cse"}>["m.py":2:3, "name"("m.py":4:5), fused<"inlined">["m.py":8:9]])
// CHECK-NEXT: } loc("m.py":1:1)

// GENERIC: ^bb0(%i: index loc("a.c":2:8)):

// MISSING: stdin:1:28: error: expected a location with the alias #missing
// CIRCLE: stdin:1:12: error: #loc stands for itself
