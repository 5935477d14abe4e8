// RUN: nopt %s -p raise-affine-to-nest | filecheck %s
// It makes no difference how loops run over their points: the nest is that of the points.

// A partial last tile, and a sum in tiles.
func.func @tiles(%A: memref<7x10xi32>, %y: memref<7xi32>) {
  affine.for %i = 0 to 7 step 4 {
    affine.for %k = 0 to 10 step 4 {
      affine.for %ii = affine_map<(d0) -> (d0)>(%i) to min affine_map<(d0) -> (d0 + 4, 7)>(%i) {
        affine.for %kk = affine_map<(d0) -> (d0)>(%k) to min affine_map<(d0) -> (d0 + 4, 10)>(%k) {
          %a = affine.load %A[%ii, %kk] : memref<7x10xi32>
          %b = affine.load %y[%ii] : memref<7xi32>
          %c = arith.addi %a, %b : i32
          affine.store %c, %y[%ii] : memref<7xi32>
        }
      }
    }
  }
  return
}
// CHECK-LABEL: func.func @tiles(
// CHECK-SAME: %A: tensor<7x10xi32>, %y: tensor<7xi32>) -> tensor<7xi32> {
// CHECK-NEXT: %y_1 = affine_nest.for (%ii) = (7) reduce (%kk) = (10) {
// CHECK-NEXT: %a = affine_nest.load %A[%ii, %kk] : tensor<7x10xi32>
// CHECK-NEXT: %0 = affine_nest.reduce add %a : i32
// CHECK-NEXT: %b = affine_nest.load %y[%ii] : tensor<7xi32>
// CHECK-NEXT: %1 = arith.addi %0, %b : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<7xi32>
// CHECK-NEXT: func.return %y_1 : tensor<7xi32>

// Unrolled, the second turn in scalars, and what is left.
func.func @unrolled(%x: memref<7xi32>, %y: memref<7xi32>, %s: memref<i32>) {
  affine.for %i = 0 to 6 step 2 {
    %a = affine.load %x[%i] : memref<7xi32>
    affine.store %a, %y[%i] : memref<7xi32>
    %t = affine.load %s[] : memref<i32>
    %u = arith.addi %t, %a : i32
    %i1 = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)
    %b = affine.load %x[%i1] : memref<7xi32>
    affine.store %b, %y[%i1] : memref<7xi32>
    %v = arith.addi %u, %b : i32
    affine.store %v, %s[] : memref<i32>
  }
  %c = affine.load %x[6] : memref<7xi32>
  affine.store %c, %y[6] : memref<7xi32>
  %w = affine.load %s[] : memref<i32>
  %z = arith.addi %w, %c : i32
  affine.store %z, %s[] : memref<i32>
  return
}
// CHECK-LABEL: func.func @unrolled(
// CHECK-SAME: %x: tensor<7xi32>, %s: tensor<i32>) -> (tensor<7xi32>, tensor<i32>) {
// CHECK-NEXT: %y = affine_nest.for (%i0) = (7) {
// CHECK-NEXT: %a = affine_nest.load %x[%i0] : tensor<7xi32>
// CHECK-NEXT: affine_nest.yield %a : i32
// CHECK-NEXT: } : tensor<7xi32>
// CHECK-NEXT: %s_1 = affine_nest.for () = () reduce (%i) = (7) {
// CHECK-NEXT: %a_1 = affine_nest.load %x[%i] : tensor<7xi32>
// CHECK-NEXT: %0 = affine_nest.reduce add %a_1 : i32
// CHECK-NEXT: %t = affine_nest.load %s[] : tensor<i32>
// CHECK-NEXT: %1 = arith.addi %0, %t : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<i32>
// CHECK-NEXT: func.return %y, %s_1 : tensor<7xi32>, tensor<i32>

// Coalesced loops; loops in parallel, with a reduction.
func.func @parallel(%A: memref<4x6xi8>, %B: memref<4x6xi8>, %y: memref<4xi8>) {
  affine.for %n = 0 to 24 {
    %a = affine.load %A[%n floordiv 6, %n mod 6] : memref<4x6xi8>
    affine.store %a, %B[%n floordiv 6, %n mod 6] : memref<4x6xi8>
  }
  affine.parallel (%i) = (0) to (4) {
    %m = affine.parallel (%k) = (0) to (min(6, 8)) reduce ("maxs") -> (i8) {
      %b = affine.load %B[%i, %k] : memref<4x6xi8>
      affine.yield %b : i8
    }
    affine.store %m, %y[%i] : memref<4xi8>
  }
  return
}
// CHECK-LABEL: func.func @parallel(
// CHECK-SAME: %A: tensor<4x6xi8>) -> (tensor<4x6xi8>, tensor<4xi8>) {
// CHECK-NEXT: %B = affine_nest.for (%n, %n_1) = (4, 6) {
// CHECK-NEXT: %a = affine_nest.load %A[%n, %n_1] : tensor<4x6xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } : tensor<4x6xi8>
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) reduce (%k) = (6) {
// CHECK-NEXT: %b = affine_nest.load %B[%i, %k] : tensor<4x6xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %b : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %B, %y : tensor<4x6xi8>, tensor<4xi8>

// The same in scf, with indices computed in scalars; a copy, and a memref of another type.
func.func @scf(%x: memref<?xi32>, %y: memref<8xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %two = arith.constant 2 : i32
  %t = memref.alloc() : memref<8xi32>
  scf.for %i = %c0 to %c8 step %c1 {
    %n = arith.index_cast %i : index to i32
    %e = arith.remsi %n, %two : i32
    %d = arith.divsi %n, %two : i32
    %e1 = arith.index_cast %e : i32 to index
    %d1 = arith.index_cast %d : i32 to index
    %f = arith.muli %e1, %c4 : index
    %g = arith.addi %f, %d1 : index
    %a = memref.load %x[%g] : memref<?xi32>
    memref.store %a, %t[%i] : memref<8xi32>
  }
  memref.copy %t, %y : memref<8xi32> to memref<8xi32>
  return
}
// CHECK-LABEL: func.func @scf(
// CHECK-SAME: %x: tensor<8xi32>) -> tensor<8xi32> {
// CHECK-NEXT: %t = affine_nest.for (%i) = (8) {
// CHECK-NEXT: %a = affine_nest.load %x[(%i mod 2) * 4 + %i floordiv 2] : tensor<8xi32>
// CHECK-NEXT: affine_nest.yield %a : i32
// CHECK-NEXT: } : tensor<8xi32>
// CHECK-NEXT: %y = affine_nest.for (%i0) = (8) {
// CHECK-NEXT: %t_1 = affine_nest.load %t[%i0] : tensor<8xi32>
// CHECK-NEXT: affine_nest.yield %t_1 : i32
// CHECK-NEXT: } : tensor<8xi32>
// CHECK-NEXT: func.return %y : tensor<8xi32>

// The order of sums makes no difference: what is added to an element comes from several points.
func.func @scatter(%x: memref<5xi8>, %w: memref<3xi8>, %y: memref<7xi32>) {
  affine.for %i = 0 to 5 {
    affine.for %k = 0 to 3 {
      %a = affine.load %x[%i] : memref<5xi8>
      %b = affine.load %w[%k] : memref<3xi8>
      %aw = arith.extsi %a : i8 to i32
      %bw = arith.extsi %b : i8 to i32
      %p = arith.muli %aw, %bw : i32
      %c = affine.load %y[%i + %k] : memref<7xi32>
      %s = arith.addi %c, %p : i32
      affine.store %s, %y[%i + %k] : memref<7xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @scatter(
// CHECK-SAME: %x: tensor<5xi8>, %w: tensor<3xi8>, %y: tensor<7xi32>) -> tensor<7xi32> {
// CHECK-NEXT: %y_1 = affine_nest.for (%i0) = (7) reduce (%k) = (3) {
// CHECK-NEXT: %a = affine_nest.load %x[%i0 - %k] pad 0 : tensor<5xi8>
// CHECK-NEXT: %aw = arith.extsi %a : i8 to i32
// CHECK-NEXT: %b = affine_nest.load %w[%k] : tensor<3xi8>
// CHECK-NEXT: %bw = arith.extsi %b : i8 to i32
// CHECK-NEXT: %p = arith.muli %aw, %bw : i32
// CHECK-NEXT: %0 = affine_nest.reduce add %p : i32
// CHECK-NEXT: %c = affine_nest.load %y[%i0] : tensor<7xi32>
// CHECK-NEXT: %1 = arith.addi %0, %c : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<7xi32>
// CHECK-NEXT: func.return %y_1 : tensor<7xi32>
