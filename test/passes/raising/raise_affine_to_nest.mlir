// RUN: nopt %s -p raise-affine-to-nest | filecheck %s
// Loop code on memrefs as nests on tensors.

// Initialisation and accumulation in one imperfect nest: C = A * B. What is only written is no argument.
func.func @gemm(%A: memref<8x16xi8>, %B: memref<16x4xi8>, %C: memref<8x4xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 4 {
      affine.store %zero, %C[%i, %j] : memref<8x4xi32>
      affine.for %k = 0 to 16 {
        %a = affine.load %A[%i, %k] : memref<8x16xi8>
        %b = affine.load %B[%k, %j] : memref<16x4xi8>
        %aw = arith.extsi %a : i8 to i32
        %bw = arith.extsi %b : i8 to i32
        %p = arith.muli %aw, %bw : i32
        %c = affine.load %C[%i, %j] : memref<8x4xi32>
        %s = arith.addi %c, %p : i32
        affine.store %s, %C[%i, %j] : memref<8x4xi32>
      }
    }
  }
  return
}
// CHECK-LABEL: func.func @gemm(
// CHECK-SAME: %A: tensor<8x16xi8>, %B: tensor<16x4xi8>) -> tensor<8x4xi32> {
// CHECK-NEXT: %C = affine_nest.for (%i, %j) = (8, 4) reduce (%k) = (16) {
// CHECK-NEXT: %a = affine_nest.load %A[%i, %k] : tensor<8x16xi8>
// CHECK-NEXT: %aw = arith.extsi %a : i8 to i32
// CHECK-NEXT: %b = affine_nest.load %B[%k, %j] : tensor<16x4xi8>
// CHECK-NEXT: %bw = arith.extsi %b : i8 to i32
// CHECK-NEXT: %p = arith.muli %aw, %bw : i32
// CHECK-NEXT: %0 = affine_nest.reduce add %p : i32
// CHECK-NEXT: affine_nest.yield %0 : i32
// CHECK-NEXT: } : tensor<8x4xi32>
// CHECK-NEXT: func.return %C : tensor<8x4xi32>

// Accumulation onto what the argument held; subtraction.
func.func @accumulate(%A: memref<8x16xi32>, %y: memref<8xi32>) {
  affine.for %k = 0 to 16 {
    affine.for %i = 0 to 8 {
      %a = affine.load %A[%i, %k] : memref<8x16xi32>
      %c = affine.load %y[%i] : memref<8xi32>
      %s = arith.subi %c, %a : i32
      affine.store %s, %y[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @accumulate(
// CHECK-SAME: %A: tensor<8x16xi32>, %y: tensor<8xi32>) -> tensor<8xi32> {
// CHECK-NEXT: %y_1 = affine_nest.for (%i) = (8) reduce (%k) = (16) {
// CHECK-NEXT: %a = affine_nest.load %A[%i, %k] : tensor<8x16xi32>
// CHECK-NEXT: %0 = arith.constant 0 : i32
// CHECK-NEXT: %1 = arith.subi %0, %a : i32
// CHECK-NEXT: %2 = affine_nest.reduce add %1 : i32
// CHECK-NEXT: %c = affine_nest.load %y[%i] : tensor<8xi32>
// CHECK-NEXT: %3 = arith.addi %2, %c : i32
// CHECK-NEXT: affine_nest.yield %3 : i32
// CHECK-NEXT: } : tensor<8xi32>

// A convolution: bias first, then taps, then a scalar kept in a cell of its own, requantized.
func.func @conv(%x: memref<3x6x6xi8>, %w: memref<4x3x3x3xi8>, %b: memref<4xi32>, %y: memref<4x4x4xi8>) {
  %cell = memref.alloca() : memref<i32>
  %seven = arith.constant 7 : i32
  %low = arith.constant -128 : i32
  %high = arith.constant 127 : i32
  affine.for %o = 0 to 4 {
    affine.for %h = 0 to 4 {
      affine.for %v = 0 to 4 {
        %bias = affine.load %b[%o] : memref<4xi32>
        affine.store %bias, %cell[] : memref<i32>
        affine.for %c = 0 to 3 {
          affine.for %kh = 0 to 3 {
            affine.for %kw = 0 to 3 {
              %a = affine.load %x[%c, %h + %kh, %v + %kw] : memref<3x6x6xi8>
              %t = affine.load %w[%o, %c, %kh, %kw] : memref<4x3x3x3xi8>
              %aw = arith.extsi %a : i8 to i32
              %tw = arith.extsi %t : i8 to i32
              %p = arith.muli %aw, %tw : i32
              %before = affine.load %cell[] : memref<i32>
              %after = arith.addi %before, %p : i32
              affine.store %after, %cell[] : memref<i32>
            }
          }
        }
        %sum = affine.load %cell[] : memref<i32>
        %shifted = arith.shrsi %sum, %seven : i32
        %above = arith.cmpi slt, %shifted, %low : i32
        %clipped = arith.select %above, %low, %shifted : i32
        %below = arith.cmpi sgt, %clipped, %high : i32
        %both = arith.select %below, %high, %clipped : i32
        %q = arith.trunci %both : i32 to i8
        affine.store %q, %y[%o, %h, %v] : memref<4x4x4xi8>
      }
    }
  }
  return
}
// CHECK-LABEL: func.func @conv(
// CHECK-SAME: %x: tensor<3x6x6xi8>, %w: tensor<4x3x3x3xi8>, %b: tensor<4xi32>) -> tensor<4x4x4xi8> {
// CHECK-NEXT: %cell = affine_nest.for (%o, %h, %v) = (4, 4, 4) {
// CHECK-NEXT: %bias = affine_nest.load %b[%o] : tensor<4xi32>
// CHECK-NEXT: affine_nest.yield %bias : i32
// CHECK-NEXT: } : tensor<4x4x4xi32>
// CHECK-NEXT: %cell_1 = affine_nest.for (%o_1, %h_1, %v_1) = (4, 4, 4) reduce (%c, %kh, %kw) = (3, 3, 3) {
// CHECK-NEXT: %a = affine_nest.load %x[%c, %h_1 + %kh, %v_1 + %kw] : tensor<3x6x6xi8>
// CHECK-NEXT: %aw = arith.extsi %a : i8 to i32
// CHECK-NEXT: %t = affine_nest.load %w[%o_1, %c, %kh, %kw] : tensor<4x3x3x3xi8>
// CHECK-NEXT: %tw = arith.extsi %t : i8 to i32
// CHECK-NEXT: %p = arith.muli %aw, %tw : i32
// CHECK-NEXT: %0 = affine_nest.reduce add %p : i32
// CHECK-NEXT: %before = affine_nest.load %cell[%o_1, %h_1, %v_1] : tensor<4x4x4xi32>
// CHECK-NEXT: %1 = arith.addi %0, %before : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<4x4x4xi32>
// CHECK-NEXT: %y = affine_nest.for (%o_2, %h_2, %v_2) = (4, 4, 4) {
// CHECK-NEXT: %sum = affine_nest.load %cell_1[%o_2, %h_2, %v_2] : tensor<4x4x4xi32>
// CHECK-NEXT: %seven = arith.constant 7 : i32
// CHECK-NEXT: %shifted = arith.shrsi %sum, %seven : i32
// CHECK-NEXT: %low = arith.constant -128 : i32
// CHECK-NEXT: %clipped = arith.maxsi %shifted, %low : i32
// CHECK-NEXT: %high = arith.constant 127 : i32
// CHECK-NEXT: %both = arith.minsi %clipped, %high : i32
// CHECK-NEXT: %q = arith.trunci %both : i32 to i8
// CHECK-NEXT: affine_nest.yield %q : i8
// CHECK-NEXT: } : tensor<4x4x4xi8>

// Reductions carried by loops, one in the other; with a start, and from what a load gave.
func.func @carried(%x: memref<3x4x5xi32>, %y: memref<3xi32>) {
  affine.for %i = 0 to 3 {
    %start = affine.load %y[%i] : memref<3xi32>
    %sum = affine.for %j = 0 to 4 iter_args(%s = %start) -> (i32) {
      %inner = affine.for %k = 0 to 5 iter_args(%t = %s) -> (i32) {
        %a = affine.load %x[%i, %j, %k] : memref<3x4x5xi32>
        %n = arith.maxsi %t, %a : i32
        affine.yield %n : i32
      }
      affine.yield %inner : i32
    }
    affine.store %sum, %y[%i] : memref<3xi32>
  }
  return
}
// CHECK-LABEL: func.func @carried(
// CHECK-SAME: %x: tensor<3x4x5xi32>, %y: tensor<3xi32>) -> tensor<3xi32> {
// CHECK-NEXT: %y_1 = affine_nest.for (%i) = (3) reduce (%j, %k) = (4, 5) {
// CHECK-NEXT: %a = affine_nest.load %x[%i, %j, %k] : tensor<3x4x5xi32>
// CHECK-NEXT: %0 = affine_nest.reduce max %a : i32
// CHECK-NEXT: %start = affine_nest.load %y[%i] : tensor<3xi32>
// CHECK-NEXT: %1 = arith.maxsi %0, %start : i32
// CHECK-NEXT: affine_nest.yield %1 : i32
// CHECK-NEXT: } : tensor<3xi32>

// A reduction to a scalar cell that is returned.
func.func @total(%x: memref<6xi32>) -> memref<i32> {
  %zero = arith.constant 0 : i32
  %cell = memref.alloc() : memref<i32>
  affine.store %zero, %cell[] : memref<i32>
  affine.for %i = 0 to 6 {
    %a = affine.load %x[%i] : memref<6xi32>
    %s = affine.load %cell[] : memref<i32>
    %t = arith.addi %a, %s : i32
    affine.store %t, %cell[] : memref<i32>
  }
  return %cell : memref<i32>
}
// CHECK-LABEL: func.func @total(
// CHECK-SAME: %x: tensor<6xi32>) -> tensor<i32> {
// CHECK-NEXT: %cell = affine_nest.for () = () reduce (%i) = (6) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<6xi32>
// CHECK-NEXT: %0 = affine_nest.reduce add %a : i32
// CHECK-NEXT: affine_nest.yield %0 : i32
// CHECK-NEXT: } : tensor<i32>
// CHECK-NEXT: func.return %cell : tensor<i32>

// Elementwise, in place, in a chain; loops that do not begin at 0 or go in steps.
func.func @chain(%x: memref<8x6xi32>) {
  affine.for %i = 2 to 10 {
    affine.for %j = 0 to 12 step 2 {
      %a = affine.load %x[%i - 2, %j floordiv 2] : memref<8x6xi32>
      %b = arith.muli %a, %a : i32
      affine.store %b, %x[%i - 2, %j floordiv 2] : memref<8x6xi32>
    }
  }
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 6 {
      %a = affine.load %x[%i, %j] : memref<8x6xi32>
      %b = arith.addi %a, %a : i32
      affine.store %b, %x[%i, %j] : memref<8x6xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %x: tensor<8x6xi32>) -> tensor<8x6xi32> {
// CHECK-NEXT: %x_1 = affine_nest.for (%i, %j) = (8, 6) {
// CHECK-NEXT: %a = affine_nest.load %x[%i, %j] : tensor<8x6xi32>
// CHECK-NEXT: %b = arith.muli %a, %a : i32
// CHECK-NEXT: affine_nest.yield %b : i32
// CHECK-NEXT: } : tensor<8x6xi32>
// CHECK-NEXT: %x_2 = affine_nest.for (%i_1, %j_1) = (8, 6) {
// CHECK-NEXT: %a_1 = affine_nest.load %x_1[%i_1, %j_1] : tensor<8x6xi32>

// A transposed copy into a flat memref; the nest's iterators are the result's indices.
func.func @transpose(%x: memref<4x6xi8>, %y: memref<24xi8>) {
  affine.for %i = 0 to 4 {
    affine.for %j = 0 to 6 {
      %a = affine.load %x[%i, %j] : memref<4x6xi8>
      affine.store %a, %y[%j * 4 + %i] : memref<24xi8>
    }
  }
  return
}
// CHECK-LABEL: func.func @transpose(
// CHECK-SAME: %x: tensor<4x6xi8>) -> tensor<24xi8> {
// CHECK-NEXT: %y = affine_nest.for (%i0) = (24) {
// CHECK-NEXT: %a = affine_nest.load %x[%i0 mod 4, %i0 floordiv 4] : tensor<4x6xi8>

// A border of one number is the pad of what is copied inside it.
func.func @border(%x: memref<4xi8>, %y: memref<7xi8>) {
  %three = arith.constant 3 : i8
  affine.for %i = 0 to 7 {
    affine.store %three, %y[%i] : memref<7xi8>
  }
  affine.for %i = 0 to 4 {
    %a = affine.load %x[%i] : memref<4xi8>
    affine.store %a, %y[%i + 1] : memref<7xi8>
  }
  return
}
// CHECK-LABEL: func.func @border(
// CHECK: %y = affine_nest.for (%i0) = (7) {
// CHECK-NEXT: %1 = affine_nest.load %0[%i0 - 1] pad 3 : tensor<4xi8>

// Parts of a memref that is written in turns; the last value stays where there are several.
func.func @parts(%x: memref<4xi8>, %z: memref<2x3xi8>, %y: memref<6xi8>) {
  affine.for %i = 0 to 4 {
    %a = affine.load %x[%i] : memref<4xi8>
    affine.store %a, %y[%i] : memref<6xi8>
  }
  affine.for %i = 0 to 2 {
    affine.for %k = 0 to 3 {
      %a = affine.load %z[%i, %k] : memref<2x3xi8>
      affine.store %a, %y[%i + 4] : memref<6xi8>
    }
  }
  return
}
// CHECK-LABEL: func.func @parts(
// CHECK-SAME: %x: tensor<4xi8>, %z: tensor<2x3xi8>) -> tensor<6xi8> {
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) into [%i] {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<4xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } : tensor<6xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i_1) = (2) into %y[%i_1 + 4] {
// CHECK-NEXT: %a_1 = affine_nest.load %z[%i_1, 2] : tensor<2x3xi8>

// Tiles, as a tiling pass leaves them; an open size is as large as the indices reach.
func.func @tiles(%A: memref<?x8xi32>, %y: memref<?xi32>) {
  affine.for %i = 0 to 6 step 2 {
    affine.for %j = affine_map<(d0) -> (d0)>(%i) to affine_map<(d0) -> (d0 + 2)>(%i) {
      %a = affine.load %A[%j, 7] : memref<?x8xi32>
      affine.store %a, %y[%j] : memref<?xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @tiles(
// CHECK-SAME: %A: tensor<6x8xi32>) -> tensor<6xi32> {
// CHECK-NEXT: %y = affine_nest.for (%j) = (6) {
// CHECK-NEXT: %a = affine_nest.load %A[%j, 7] : tensor<6x8xi32>

// A condition that an index is inside is a pad, around a value and around a sum.
func.func @guarded(%x: memref<6xi8>, %w: memref<3xi8>, %y: memref<6xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 6 {
    affine.store %zero, %y[%i] : memref<6xi32>
    affine.for %k = 0 to 3 {
      affine.if affine_set<(d0, d1) : (d0 + d1 - 1 >= 0, 6 - d0 - d1 >= 0)>(%i, %k) {
        %a = affine.load %x[%i + %k - 1] : memref<6xi8>
        %b = affine.load %w[%k] : memref<3xi8>
        %aw = arith.extsi %a : i8 to i32
        %bw = arith.extsi %b : i8 to i32
        %p = arith.muli %aw, %bw : i32
        %before = affine.load %y[%i] : memref<6xi32>
        %after = arith.addi %before, %p : i32
        affine.store %after, %y[%i] : memref<6xi32>
      }
    }
  }
  return
}
// CHECK-LABEL: func.func @guarded(
// CHECK-SAME: %x: tensor<6xi8>, %w: tensor<3xi8>) -> tensor<6xi32> {
// CHECK-NEXT: %y = affine_nest.for (%i) = (6) reduce (%k) = (3) {
// CHECK-NEXT: %a = affine_nest.load %x[%i + %k - 1] pad 0 : tensor<6xi8>
// CHECK-NEXT: %aw = arith.extsi %a : i8 to i32
// CHECK-NEXT: %b = affine_nest.load %w[%k] : tensor<3xi8>

// A constant table.
memref.global "private" constant @table : memref<3xi32> = dense<[5, 6, 7]>
func.func @globals(%y: memref<3xi32>) {
  %t = memref.get_global @table : memref<3xi32>
  affine.for %i = 0 to 3 {
    %a = affine.load %t[%i] : memref<3xi32>
    %b = affine.load %y[%i] : memref<3xi32>
    %c = arith.addi %a, %b : i32
    affine.store %c, %y[%i] : memref<3xi32>
  }
  return
}
// CHECK-NOT: memref.global
// CHECK-LABEL: func.func @globals(
// CHECK-SAME: %y: tensor<3xi32>) -> tensor<3xi32> {
// CHECK-NEXT: %t = graph.constant dense<[5, 6, 7]> : tensor<3xi32>
// CHECK-NEXT: %y_1 = affine_nest.for (%i) = (3) {
// CHECK-NEXT: %a = affine_nest.load %t[%i] : tensor<3xi32>
// CHECK-NEXT: %b = affine_nest.load %y[%i] : tensor<3xi32>

// Conditions within conditions: both indices are inside.
func.func @both(%x: memref<5x5xi8>, %w: memref<3x3xi8>, %y: memref<5x5xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 5 {
  affine.for %j = 0 to 5 {
    affine.store %zero, %y[%i,%j] : memref<5x5xi32>
    affine.for %k = 0 to 3 {
      affine.if affine_set<(d0, d1) : (d0 + d1 - 1 >= 0, 5 - d0 - d1 >= 0)>(%i, %k) {
      affine.for %l = 0 to 3 {
      affine.if affine_set<(d0, d1) : (d0 + d1 - 1 >= 0, 5 - d0 - d1 >= 0)>(%j, %l) {
        %a = affine.load %x[%i + %k - 1, %j + %l - 1] : memref<5x5xi8>
        %b = affine.load %w[%k, %l] : memref<3x3xi8>
        %aw = arith.extsi %a : i8 to i32
        %bw = arith.extsi %b : i8 to i32
        %p = arith.muli %aw, %bw : i32
        %before = affine.load %y[%i,%j] : memref<5x5xi32>
        %after = arith.addi %before, %p : i32
        affine.store %after, %y[%i,%j] : memref<5x5xi32>
      }
      }
      }
    }
  }
  }
  return
}
// CHECK-LABEL: func.func @both(
// CHECK-NEXT: %y = affine_nest.for (%i, %j) = (5, 5) reduce (%k, %l) = (3, 3) {
// CHECK-NEXT: %a = affine_nest.load %x[%i + %k - 1, %j + %l - 1] pad 0 : tensor<5x5xi8>
func.func @frame(%x: memref<5x5xi8>,  %y: memref<7x7xi8>) {
  %three = arith.constant 3 : i8
  affine.for %i = 0 to 7 {
  affine.for %j = 0 to 7 {
     %v = affine.if affine_set<(d0) : (d0 - 1 >= 0, 5 - d0 >= 0)>(%i) -> i8 {
       %u = affine.if affine_set<(d0) : (d0 - 1 >= 0, 5 - d0 >= 0)>(%j) -> i8 {
         %a = affine.load %x[%i - 1, %j - 1] : memref<5x5xi8>
         affine.yield %a : i8
      } else {
         affine.yield %three : i8
      }
         affine.yield %u : i8
      } else {
         affine.yield %three : i8
      }
      affine.store %v, %y[%i, %j] : memref<7x7xi8>
  }
  }
  return
}
// CHECK-LABEL: func.func @frame(
// CHECK-NEXT: %y = affine_nest.for (%i, %j) = (7, 7) {
// CHECK-NEXT: %a = affine_nest.load %x[%i - 1, %j - 1] pad 3 : tensor<5x5xi8>
// CHECK-NEXT: affine_nest.yield %a : i8

// A tiled sum is one reduction again; a sum of different loops' results is several nests.
func.func @tiled_sum(%x: memref<12xi32>, %z: memref<5xi32>, %y: memref<1xi32>) {
  %zero = arith.constant 0 : i32
  %sum = affine.for %i = 0 to 12 step 4 iter_args(%s = %zero) -> (i32) {
    %inner = affine.for %j = affine_map<(d0) -> (d0)>(%i) to affine_map<(d0) -> (d0 + 4)>(%i) iter_args(%t = %s) -> (i32) {
      %a = affine.load %x[%j] : memref<12xi32>
      %n = arith.addi %t, %a : i32
      affine.yield %n : i32
    }
    affine.yield %inner : i32
  }
  %other = affine.for %k = 0 to 5 iter_args(%s = %zero) -> (i32) {
    %b = affine.load %z[%k] : memref<5xi32>
    %n = arith.addi %s, %b : i32
    affine.yield %n : i32
  }
  %both = arith.muli %sum, %other : i32
  affine.store %both, %y[0] : memref<1xi32>
  return
}
// CHECK-LABEL: func.func @tiled_sum(
// CHECK-NEXT: %other = affine_nest.for () = () reduce (%k) = (5) {
// CHECK-NEXT: %b = affine_nest.load %z[%k] : tensor<5xi32>
// CHECK-NEXT: %0 = affine_nest.reduce add %b : i32
// CHECK-NEXT: affine_nest.yield %0 : i32
// CHECK-NEXT: } : tensor<i32>
// CHECK-NEXT: %y = affine_nest.for (%i0) = (1) reduce (%j) = (12) {
// CHECK-NEXT: %a = affine_nest.load %x[%j] : tensor<12xi32>
// CHECK-NEXT: %sum = affine_nest.reduce add %a : i32
// CHECK-NEXT: %other_1 = affine_nest.load %other[] : tensor<i32>
// CHECK-NEXT: %both = arith.muli %sum, %other_1 : i32
// CHECK-NEXT: affine_nest.yield %both : i32
