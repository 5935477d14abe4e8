// RUN: nopt %s -p raise-affine-to-nest | filecheck %s
// Points that are no box: a load of true with the pad false tells which of a box they are.

// A triangle of elements of sums; where there are none, elements stay.
func.func @triangle(%A: memref<4x6xi32>, %C: memref<4x4xi32>) {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
      affine.for %k = 0 to 6 {
        %a = affine.load %A[%i, %k] : memref<4x6xi32>
        %b = affine.load %A[%j, %k] : memref<4x6xi32>
        %p = arith.muli %a, %b : i32
        %c = affine.load %C[%i, %j] : memref<4x4xi32>
        %s = arith.addi %c, %p : i32
        affine.store %s, %C[%i, %j] : memref<4x4xi32>
      }
    }
  }
  return
}
// CHECK-LABEL: func.func @triangle(
// CHECK-SAME: %A: tensor<4x6xi32>, %C: tensor<4x4xi32>) -> tensor<4x4xi32> {
// CHECK-NEXT: %inside = graph.constant dense<true> : tensor<4xi1>
// CHECK-NEXT: %C_1 = affine_nest.for (%i, %j) = (4, 4) reduce (%k) = (6) {
// CHECK-NEXT: %a = affine_nest.load %A[%i, %k] : tensor<4x6xi32>
// CHECK-NEXT: %b = affine_nest.load %A[%j, %k] : tensor<4x6xi32>
// CHECK-NEXT: %p = arith.muli %a, %b : i32
// CHECK-NEXT: %0 = affine_nest.reduce add %p : i32
// CHECK-NEXT: %1 = arith.constant 0 : i32
// CHECK-NEXT: %inside_1 = affine_nest.load %inside[%i - %j] pad 0 : tensor<4xi1>
// CHECK-NEXT: %2 = arith.select %inside_1, %0, %1 : i32
// CHECK-NEXT: %c = affine_nest.load %C[%i, %j] : tensor<4x4xi32>
// CHECK-NEXT: %3 = arith.addi %2, %c : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<4x4xi32>
// CHECK-NEXT: func.return %C_1 : tensor<4x4xi32>

// A triangle of terms.
func.func @terms(%A: memref<4x4xi32>, %y: memref<4xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 4 {
    %r = affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) iter_args(%s = %zero) -> (i32) {
      %a = affine.load %A[%i, %j] : memref<4x4xi32>
      %n = arith.addi %s, %a : i32
      affine.yield %n : i32
    }
    affine.store %r, %y[%i] : memref<4xi32>
  }
  return
}
// CHECK-LABEL: func.func @terms(
// CHECK-SAME: %A: tensor<4x4xi32>) -> tensor<4xi32> {
// CHECK-NEXT: %inside = graph.constant dense<true> : tensor<3xi1>
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) reduce (%j) = (3) {
// CHECK-NEXT: %a = affine_nest.load %A[%i, %j] : tensor<4x4xi32>
// CHECK-NEXT: %0 = arith.constant 0 : i32
// CHECK-NEXT: %inside_1 = affine_nest.load %inside[%i - %j - 1] pad 0 : tensor<3xi1>
// CHECK-NEXT: %1 = arith.select %inside_1, %a, %0 : i32
// CHECK-NEXT: %r = affine_nest.reduce add %1 : i32
// CHECK-NEXT: affine_nest.yield %r : i32
// CHECK-NEXT: } : tensor<4xi32>
// CHECK-NEXT: func.return %y : tensor<4xi32>

// A store under a condition, of a loop's variable as a number, from a scalar argument on.
func.func @some(%n: i32, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    affine.if affine_set<(d0) : (d0 mod 2 == 0, d0 - 3 >= 0)>(%i) {
      %c = arith.index_cast %i : index to i32
      %d = arith.addi %c, %n : i32
      affine.store %d, %y[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @some(
// CHECK-SAME: %n: tensor<i32>, %y: tensor<8xi32>) -> tensor<8xi32> {
// CHECK-NEXT: %turns = graph.constant dense<[4, 5, 6]> : tensor<3xi32>
// CHECK-NEXT: %y_1 = affine_nest.for (%i) = (2) into %y[%i * 2 + 4] {
// CHECK-NEXT: %c = affine_nest.load %turns[%i * 2] : tensor<3xi32>
// CHECK-NEXT: %n_1 = affine_nest.load %n[] : tensor<i32>
// CHECK-NEXT: %d = arith.addi %c, %n_1 : i32
// CHECK-NEXT: affine_nest.yield %d : i32
// CHECK-NEXT: } : tensor<8xi32>
// CHECK-NEXT: func.return %y_1 : tensor<8xi32>

// One of two values.
func.func @either(%x: memref<8xi32>, %z: memref<3xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %v = affine.if affine_set<(d0) : (2 - d0 >= 0)>(%i) -> i32 {
      %a = affine.load %z[%i] : memref<3xi32>
      affine.yield %a : i32
    } else {
      %b = affine.load %x[7 - %i] : memref<8xi32>
      affine.yield %b : i32
    }
    affine.store %v, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK-LABEL: func.func @either(
// CHECK-SAME: %x: tensor<8xi32>, %z: tensor<3xi32>) -> tensor<8xi32> {
// CHECK-NEXT: %inside = graph.constant dense<true> : tensor<3xi1>
// CHECK-NEXT: %y = affine_nest.for (%i) = (8) {
// CHECK-NEXT: %a = affine_nest.load %z[%i] pad 0 : tensor<3xi32>
// CHECK-NEXT: %b = affine_nest.load %x[%i * -1 + 7] : tensor<8xi32>
// CHECK-NEXT: %inside_1 = affine_nest.load %inside[%i * -1 + 2] pad 0 : tensor<3xi1>
// CHECK-NEXT: %v = arith.select %inside_1, %a, %b : i32
// CHECK-NEXT: affine_nest.yield %v : i32
// CHECK-NEXT: } : tensor<8xi32>
// CHECK-NEXT: func.return %y : tensor<8xi32>

// The same in scf, with a comparison of indices; it is known that the maximum of indices is one of them.
func.func @compared(%x: memref<8xi32>, %y: memref<8xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %less = arith.cmpi slt, %i, %c5 : index
    scf.if %less {
      %n = affine.max affine_map<(d0) -> (d0 + 1, 0)>(%i)
      %a = memref.load %x[%n] : memref<8xi32>
      memref.store %a, %y[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @compared(
// CHECK-SAME: %x: tensor<8xi32>, %y: tensor<8xi32>) -> tensor<8xi32> {
// CHECK-NEXT: %y_1 = affine_nest.for (%i) = (5) into %y[%i] {
// CHECK-NEXT: %a = affine_nest.load %x[%i + 1] : tensor<8xi32>
// CHECK-NEXT: affine_nest.yield %a : i32
// CHECK-NEXT: } : tensor<8xi32>
// CHECK-NEXT: func.return %y_1 : tensor<8xi32>
