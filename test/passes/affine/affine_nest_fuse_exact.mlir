// RUN: nopt %s -p affine-nest-fuse | filecheck %s
// What only an exact look at index maps allows.

// A padded window reads through a pad of the same value, outside of the one where it is of the other.
func.func @pad_of_pad(%x: tensor<8xi8>) -> tensor<10xi8> {
  %a = affine_nest.for (%i) = (10) {
    %v = affine_nest.load %x[%i - 1] pad 0 : tensor<8xi8>
    affine_nest.yield %v : i8
  } : tensor<10xi8>
  %y = affine_nest.for (%i) = (10) reduce (%k) = (3) {
    %v = affine_nest.load %a[%i + %k - 1] pad 0 : tensor<10xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<10xi8>
  return %y : tensor<10xi8>
}
// CHECK-LABEL: func.func @pad_of_pad(
// CHECK-NEXT: %y = affine_nest.for (%i) = (10) reduce (%k) = (3) {
// CHECK-NEXT: %v = affine_nest.load %x[%i + %k - 2] pad 0 : tensor<8xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<10xi8>
// CHECK-NEXT: func.return %y : tensor<10xi8>

// Intervals think that this index leaves its source, ISL knows better; so the pad stays, unread.
func.func @inside(%x: tensor<5x4xi8>) -> tensor<4xi8> {
  %a = affine_nest.for (%i, %j) = (4, 5) {
    %v = affine_nest.load %x[%j, %i] : tensor<5x4xi8>
    affine_nest.yield %v : i8
  } : tensor<4x5xi8>
  %y = affine_nest.for (%i) = (4) {
    %v = affine_nest.load %a[%i, %i - %i mod 2 + 2] pad 0 : tensor<4x5xi8>
    affine_nest.yield %v : i8
  } : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK-LABEL: func.func @inside(
// CHECK-NEXT: %y = affine_nest.for (%i) = (4) {
// CHECK-NEXT: %v = affine_nest.load %x[%i - (%i mod 2) + 2, %i] pad 0 : tensor<5x4xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<4xi8>
// CHECK-NEXT: func.return %y : tensor<4xi8>

// A slice of a joined tensor is of one piece, and the other one computed no more.
func.func @slice_of_joined(%x: tensor<1x16x2x2xi8>) -> tensor<1x8x2x2xi8> {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x8x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce min %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x8x2x2xi8>
  %first = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x8x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x16x2x2xi8>
  %both = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into %first[0, %c + 8, %h, %w] {
    %v = affine_nest.load %b[0, %c, %h, %w] : tensor<1x8x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x16x2x2xi8>
  %y = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) {
    %v = affine_nest.load %both[0, %c, %w, %h] : tensor<1x16x2x2xi8>
    %m = arith.addi %v, %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x8x2x2xi8>
  return %y : tensor<1x8x2x2xi8>
}
// CHECK-LABEL: func.func @slice_of_joined(
// CHECK-NEXT: %y = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) reduce (%k) = (16) {
// CHECK-NEXT: %v = affine_nest.load %x[0, %k, %w, %h] : tensor<1x16x2x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: %m_1 = arith.addi %m, %m : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<1x8x2x2xi8>
// CHECK-NEXT: func.return %y : tensor<1x8x2x2xi8>

// A piece that is joined transposed is computed so, in the order of the tensor that it is a part of;
// who else reads it finds it there.
func.func @transposed_piece(%x: tensor<16x8xi8>) -> (tensor<32x16xi8>, tensor<16x16xi8>) {
  %a = affine_nest.for (%c, %h) = (16, 16) reduce (%k) = (8) {
    %v = affine_nest.load %x[%c, %k] : tensor<16x8xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<16x16xi8>
  %j = affine_nest.for (%h, %c) = (16, 16) into [%h + 16, %c] {
    %v = affine_nest.load %a[%c, %h] : tensor<16x16xi8>
    affine_nest.yield %v : i8
  } : tensor<32x16xi8>
  %r = affine_nest.for (%c, %h) = (16, 16) reduce (%k) = (2) {
    %v = affine_nest.load %a[%c, %k] : tensor<16x16xi8>
    %m = affine_nest.reduce add %v : i8
    affine_nest.yield %m : i8
  } : tensor<16x16xi8>
  return %j, %r : tensor<32x16xi8>, tensor<16x16xi8>
}
// CHECK-LABEL: func.func @transposed_piece(
// CHECK-NEXT: %j = affine_nest.for (%h, %c) = (16, 16) reduce (%k) = (8) into [%h + 16, %c] {
// CHECK-NEXT: %v = affine_nest.load %x[%c, %k] : tensor<16x8xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<32x16xi8>
// CHECK-NEXT: %r = affine_nest.for (%c_1, %h_1) = (16, 16) reduce (%k_1) = (2) {
// CHECK-NEXT: %v_1 = affine_nest.load %j[%k_1 + 16, %c_1] : tensor<32x16xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce add %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<16x16xi8>
// CHECK-NEXT: func.return %j, %r : tensor<32x16xi8>, tensor<16x16xi8>

// Of a division, the part of a sum that is a reduction is cut so that nothing is left of it.
func.func @cut(%x: tensor<3x4x2xi8>) -> tensor<2xi8> {
  %y = affine_nest.for (%i) = (2) reduce (%k) = (12) {
    %v = affine_nest.load %x[(%k * 2 + %i) floordiv 8, %k mod 4, %i] : tensor<3x4x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<2xi8>
  return %y : tensor<2xi8>
}
// CHECK-LABEL: func.func @cut(
// CHECK-NEXT: %y = affine_nest.for (%i) = (2) reduce (%k0, %k1) = (3, 4) {
// CHECK-NEXT: %v = affine_nest.load %x[%k0, %k1, %i] : tensor<3x4x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<2xi8>
// CHECK-NEXT: func.return %y : tensor<2xi8>

// Iterators run in the order of the tensor that is written, so that the core can store its box.
func.func @order(%x: tensor<9x32xi8>, %z: tensor<1x64x9xi8>) -> tensor<1x64x9xi8> {
  %y = affine_nest.for (%h, %c) = (9, 32) reduce (%k) = (32) into %z[0, %c + 32, %h] {
    %v = affine_nest.load %x[%h, %k] : tensor<9x32xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x64x9xi8>
  return %y : tensor<1x64x9xi8>
}
// CHECK-LABEL: func.func @order(
// CHECK-NEXT: %y = affine_nest.for (%i0, %c, %h) = (1, 32, 9) reduce (%k) = (32) into %z[0, %c + 32, %h] {
// CHECK-NEXT: %v = affine_nest.load %x[%h, %k] : tensor<9x32xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<1x64x9xi8>
// CHECK-NEXT: func.return %y : tensor<1x64x9xi8>
// CHECK-NEXT: }
