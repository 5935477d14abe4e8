// RUN: nopt %s -p affine-nest-fuse | filecheck %s
// What only an exact look at index maps allows.

// A padded window reads through a pad of the same value: it is outside of both at once.
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

// What lies across two pieces, or partly under a later one, is read from the joined tensor.
func.func @across(%x: tensor<16x2xi8>) -> tensor<8x2xi8> {
  %a = affine_nest.for (%c, %h) = (16, 2) {
    %v = affine_nest.load %x[%c, %h] : tensor<16x2xi8>
    %m = arith.addi %v, %v : i8
    affine_nest.yield %m : i8
  } : tensor<16x2xi8>
  %first = affine_nest.for (%c, %h) = (16, 2) into [%c, %h] {
    %v = affine_nest.load %a[%c, %h] : tensor<16x2xi8>
    affine_nest.yield %v : i8
  } : tensor<24x2xi8>
  %both = affine_nest.for (%c, %h) = (16, 2) into %first[%c + 8, %h] {
    %v = affine_nest.load %a[%c, %h * -1 + 1] : tensor<16x2xi8>
    affine_nest.yield %v : i8
  } : tensor<24x2xi8>
  %y = affine_nest.for (%c, %h) = (8, 2) reduce (%k) = (2) {
    %v = affine_nest.load %both[%c + %k + 3, %h] : tensor<24x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<8x2xi8>
  return %y : tensor<8x2xi8>
}
// CHECK-LABEL: func.func @across(
// CHECK-NEXT: %first = affine_nest.for (%c, %h) = (16, 2) into [%c, %h] {
// CHECK-NEXT: %v = affine_nest.load %x[%c, %h] : tensor<16x2xi8>
// CHECK-NEXT: %m = arith.addi %v, %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<24x2xi8>
// CHECK-NEXT: %both = affine_nest.for (%c_1, %h_1) = (16, 2) into %first[%c_1 + 8, %h_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %first[%c_1, %h_1 * -1 + 1] : tensor<24x2xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<24x2xi8>
// CHECK-NEXT: %y = affine_nest.for (%c_2, %h_2) = (8, 2) reduce (%k) = (2) {
// CHECK-NEXT: %v_2 = affine_nest.load %both[%c_2 + %k + 3, %h_2] : tensor<24x2xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce max %v_2 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<8x2xi8>
// CHECK-NEXT: func.return %y : tensor<8x2xi8>

// A piece that is joined with its dimensions rotated is computed so, in the order of the tensor
// that it is a part of; who else reads it finds it there.
func.func @rotated_piece(%x: tensor<4x16x3x5xi8>) -> (tensor<6x4x16xi8>, tensor<4x16xi8>) {
  %a = affine_nest.for (%c, %h, %w) = (4, 16, 3) reduce (%k) = (5) {
    %v = affine_nest.load %x[%c, %h, %w, %k] : tensor<4x16x3x5xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<4x16x3xi8>
  %j = affine_nest.for (%w, %c, %h) = (3, 4, 16) into [%w + 3, %c, %h] {
    %v = affine_nest.load %a[%c, %h, %w] : tensor<4x16x3xi8>
    affine_nest.yield %v : i8
  } : tensor<6x4x16xi8>
  %r = affine_nest.for (%c, %h) = (4, 16) reduce (%k) = (2) {
    %v = affine_nest.load %a[%c, %h, %k + 1] : tensor<4x16x3xi8>
    %m = affine_nest.reduce add %v : i8
    affine_nest.yield %m : i8
  } : tensor<4x16xi8>
  return %j, %r : tensor<6x4x16xi8>, tensor<4x16xi8>
}
// CHECK-LABEL: func.func @rotated_piece(
// CHECK-NEXT: %j = affine_nest.for (%w, %c, %h) = (3, 4, 16) reduce (%k) = (5) into [%w + 3, %c, %h] {
// CHECK-NEXT: %v = affine_nest.load %x[%c, %h, %w, %k] : tensor<4x16x3x5xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<6x4x16xi8>
// CHECK-NEXT: %r = affine_nest.for (%c_1, %h_1) = (4, 16) reduce (%k_1) = (2) {
// CHECK-NEXT: %v_1 = affine_nest.load %j[%k_1 + 4, %c_1, %h_1] : tensor<6x4x16xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce add %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<4x16xi8>
// CHECK-NEXT: func.return %j, %r : tensor<6x4x16xi8>, tensor<4x16xi8>

// The block that a piece ends in may be written whole where nothing is yet: here the other piece
// lies beside it in another row, …
func.func @beside(%x: tensor<2x40xi8>) -> tensor<2x40xi8> {
  %z = affine_nest.for (%h, %c) = (1, 16) reduce (%k) = (4) into [%h + 1, %c + 24] {
    %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<2x40xi8>
  %a = affine_nest.for (%h, %c) = (1, 24) reduce (%k) = (4) {
    %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
    %m = affine_nest.reduce min %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x24xi8>
  %y = affine_nest.for (%h, %c) = (1, 24) into %z[%h, %c] {
    %v = affine_nest.load %a[%h, %c] : tensor<1x24xi8>
    affine_nest.yield %v : i8
  } : tensor<2x40xi8>
  return %y : tensor<2x40xi8>
}
// CHECK-LABEL: func.func @beside(
// CHECK-NEXT: %z = affine_nest.for (%h, %c) = (1, 16) reduce (%k) = (4) into [%h + 1, %c + 24] {
// CHECK-NEXT: %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<2x40xi8>
// CHECK-NEXT: %y = affine_nest.for (%h_1, %c_1) = (1, 24) reduce (%k_1) = (4) into %z[0, %c_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %c_1 + %k_1] : tensor<2x40xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce min %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<2x40xi8>
// CHECK-NEXT: func.return %y : tensor<2x40xi8>

// … and here in the same block, where it would be overwritten.
func.func @behind(%x: tensor<2x40xi8>) -> tensor<2x40xi8> {
  %z = affine_nest.for (%h, %c) = (1, 16) reduce (%k) = (4) into [%h, %c + 24] {
    %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<2x40xi8>
  %a = affine_nest.for (%h, %c) = (1, 24) reduce (%k) = (4) {
    %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
    %m = affine_nest.reduce min %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x24xi8>
  %y = affine_nest.for (%h, %c) = (1, 24) into %z[%h, %c] {
    %v = affine_nest.load %a[%h, %c] : tensor<1x24xi8>
    affine_nest.yield %v : i8
  } : tensor<2x40xi8>
  return %y : tensor<2x40xi8>
}
// CHECK-LABEL: func.func @behind(
// CHECK-NEXT: %z = affine_nest.for (%h, %c) = (1, 16) reduce (%k) = (4) into [%h, %c + 24] {
// CHECK-NEXT: %v = affine_nest.load %x[%h, %c + %k] : tensor<2x40xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<2x40xi8>
// CHECK-NEXT: %a = affine_nest.for (%h_1, %c_1) = (1, 24) reduce (%k_1) = (4) {
// CHECK-NEXT: %v_1 = affine_nest.load %x[%h_1, %c_1 + %k_1] : tensor<2x40xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce min %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<1x24xi8>
// CHECK-NEXT: %y = affine_nest.for (%h_2, %c_2) = (1, 24) into %z[%h_2, %c_2] {
// CHECK-NEXT: %v_2 = affine_nest.load %a[%h_2, %c_2] : tensor<1x24xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<2x40xi8>
// CHECK-NEXT: func.return %y : tensor<2x40xi8>

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
