// RUN: nopt %s -p affine-nest-split-iterators | filecheck %s
// An iterator that an index divides becomes two.

// Groups of a convolution: the result is written at digits of its channel.
// CHECK-LABEL: func.func @groups(
func.func @groups(%x: tensor<8x6xi8>, %w: tensor<12x4xi8>) -> tensor<12x6xi32> {
  %c = affine_nest.for (%o, %h) = (12, 6) reduce (%i) = (4) {
    %a = affine_nest.load %x[(%o floordiv 6) * 4 + %i, %h] : tensor<8x6xi8>
    %b = affine_nest.load %w[%o, %i] : tensor<12x4xi8>
    %e = arith.extsi %a : i8 to i32
    %f = arith.extsi %b : i8 to i32
    %p = arith.muli %e, %f : i32
    %s = affine_nest.reduce add %p : i32
    affine_nest.yield %s : i32
  } : tensor<12x6xi32>
  return %c : tensor<12x6xi32>
}
// CHECK: %c = affine_nest.for (%o_outer, %o_inner, %h) = (2, 6, 6) reduce (%i) = (4) into [%o_outer * 6 + %o_inner, %h] {
// CHECK-NEXT: affine_nest.load %x[%o_outer * 4 + %i, %h] : tensor<8x6xi8>
// CHECK-NEXT: affine_nest.load %w[%o_outer * 6 + %o_inner, %i] : tensor<12x4xi8>

// A reduction iterator, into a part of another tensor; the rest after it is untouched.
// CHECK-LABEL: func.func @reduction(
func.func @reduction(%x: tensor<3x4xi8>, %y: tensor<9xi8>) -> tensor<9xi8> {
  %c = affine_nest.for (%i) = (4) reduce (%k) = (12) into %y[%i * 2 + 1] {
    %a = affine_nest.load %x[%k floordiv 4, %k mod 4] : tensor<3x4xi8>
    %s = affine_nest.reduce max %a : i8
    affine_nest.yield %s : i8
  } : tensor<9xi8>
  return %c : tensor<9xi8>
}
// CHECK: affine_nest.for (%i) = (4) reduce (%k_outer, %k_inner) = (3, 4) into %y[%i * 2 + 1] {
// CHECK-NEXT: affine_nest.load %x[%k_outer, %k_inner] : tensor<3x4xi8>

// No divisor of the extent, or a sum that is divided: the nest stays.
// CHECK-LABEL: func.func @others(
func.func @others(%x: tensor<4xi8>) -> tensor<7xi8> {
  %c = affine_nest.for (%i) = (7) {
    %a = affine_nest.load %x[%i floordiv 2] : tensor<4xi8>
    %b = affine_nest.load %x[(%i + 1) floordiv 7] : tensor<4xi8>
    %s = arith.addi %a, %b : i8
    affine_nest.yield %s : i8
  } : tensor<7xi8>
  return %c : tensor<7xi8>
}
// CHECK: affine_nest.for (%i) = (7) {
