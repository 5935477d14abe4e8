// RUN: nopt %s -p raise-affine-to-nest | filecheck %s
// RUN: nopt %s -p raise-affine-to-nest,convert-affine-nest-to-affine,raise-affine-to-nest | filecheck %s
// Scalars that only the host computes with: unsigned, divisions, conversions, floats.

func.func @scalars(%x: memref<8xi8>, %n: memref<8xi8>, %y: memref<8xi8>) {
  %nine = arith.constant 9 : i32
  affine.for %i = 0 to 8 {
    %p = affine.load %x[%i] : memref<8xi8>
    %q = affine.load %n[%i] : memref<8xi8>
    %r = arith.remui %p, %q : i8
    %e = arith.extui %r : i8 to i32
    %d = arith.divsi %e, %nine : i32
    %f = arith.sitofp %d : i32 to f32
    %g = arith.negf %f : f32
    %l = arith.cmpf ult, %g, %f : f32
    %m = arith.select %l, %f, %g : f32
    %b = arith.bitcast %m : f32 to i32
    %c = arith.cmpi ugt, %b, %e : i32
    %w = arith.extui %c : i1 to i8
    affine.store %w, %y[%i] : memref<8xi8>
  }
  return
}
// CHECK-LABEL: func.func @scalars(
// CHECK-SAME: %x: tensor<8xi8>, %n: tensor<8xi8>) -> tensor<8xi8> {
// CHECK-NEXT: %y = affine_nest.for (%i) = (8) {
// CHECK-NEXT: %p = affine_nest.load %x[%i] : tensor<8xi8>
// CHECK-NEXT: %q = affine_nest.load %n[%i] : tensor<8xi8>
// CHECK-NEXT: %r = arith.remui %p, %q : i8
// CHECK-NEXT: %e = arith.extui %r : i8 to i32
// CHECK-NEXT: %nine = arith.constant 9 : i32
// CHECK-NEXT: %d = arith.divsi %e, %nine : i32
// CHECK-NEXT: %f = arith.sitofp %d : i32 to f32
// CHECK-NEXT: %g = arith.negf %f : f32
// CHECK-NEXT: %l = arith.cmpf ult, %g, %f : f32
// CHECK-NEXT: %m = arith.select %l, %f, %g : f32
// CHECK-NEXT: %b = arith.bitcast %m : f32 to i32
// CHECK-NEXT: %c = arith.cmpi ugt, %b, %e : i32
// CHECK-NEXT: %w = arith.extui %c : i1 to i8
// CHECK-NEXT: affine_nest.yield %w : i8

// The lowest bit, and the lowest eight.
func.func @narrowed(%x: memref<4xi1>, %y: memref<4xi8>) {
  affine.for %i = 1 to 5 {
    %a = arith.index_cast %i : index to i1
    affine.store %a, %x[%i - 1] : memref<4xi1>
  }
  affine.for %i = 254 to 258 {
    %a = arith.index_cast %i : index to i8
    affine.store %a, %y[%i - 254] : memref<4xi8>
  }
  return
}
// CHECK-LABEL: func.func @narrowed(
// CHECK-NEXT: %turns = graph.constant dense<[true, false, true, false]> : tensor<4xi1>
// CHECK: graph.constant dense<[-2, -1, 0, 1]> : tensor<4xi8>
