// RUN: nopt %s -p affine-nest-fuse | filecheck %s
// Joined tensors: pieces are computed in their places.

// A piece that is there before the tensor it goes to is copied.
func.func @later(%x: tensor<1x16x2x2xi8>) -> (tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>) {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %j = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %k = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) into %j[0, %c + 16, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %r = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%d) = (3) {
    %v = affine_nest.load %a[0, %c, %h + %d - 1, %w] pad 7 : tensor<1x32x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  return %k, %r : tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>
}
// CHECK-LABEL: func.func @later(
// CHECK-NEXT: %a = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%k) = (16) {
// CHECK-NEXT: %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<1x32x2x2xi8>
// CHECK-NEXT: %j = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 16, 2, 2) into [0, %c_1, %h_1, %w_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %c_1, %h_1, %w_1] : tensor<1x16x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %k_1 = affine_nest.for (%n_2, %c_2, %h_2, %w_2) = (1, 32, 2, 2) into %j[0, %c_2 + 16, %h_2, %w_2] {
// CHECK-NEXT: %v_2 = affine_nest.load %a[0, %c_2, %h_2, %w_2] : tensor<1x32x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %r = affine_nest.for (%n_3, %c_3, %h_3, %w_3) = (1, 32, 2, 2) reduce (%d) = (3) {
// CHECK-NEXT: %v_3 = affine_nest.load %a[0, %c_3, %h_3 + %d - 1, %w_3] pad 7 : tensor<1x32x2x2xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce max %v_3 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<1x32x2x2xi8>
// CHECK-NEXT: func.return %k_1, %r : tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>

// Else it is computed in its place, and its other reader reads there, its pad included.
func.func @in_place(%x: tensor<1x16x2x2xi8>) -> (tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>) {
  %j = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%k) = (16) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x16x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %k = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) into %j[0, %c + 16, %h, %w] {
    %v = affine_nest.load %a[0, %c, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %r = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) reduce (%d) = (3) {
    %v = affine_nest.load %a[0, %c, %h + %d - 1, %w] pad 7 : tensor<1x32x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  return %k, %r : tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>
}
// CHECK-LABEL: func.func @in_place(
// CHECK-NEXT: %j = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %k = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 32, 2, 2) reduce (%k_1) = (16) into %j[0, %c_1 + 16, %h_1, %w_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %k_1, %h_1, %w_1] : tensor<1x16x2x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %r = affine_nest.for (%n_2, %c_2, %h_2, %w_2) = (1, 32, 2, 2) reduce (%d) = (3) {
// CHECK-NEXT: %v_2 = affine_nest.load %k[0, %c_2 + 16, %h_2 + %d - 1, %w_2] pad 7 : tensor<1x48x2x2xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce max %v_2 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<1x32x2x2xi8>
// CHECK-NEXT: func.return %k, %r : tensor<1x48x2x2xi8>, tensor<1x32x2x2xi8>

// A tensor that grows lies in one place; what is returned of it before is a part of the last.
func.func @grows(%x: tensor<1x16x2x2xi8>) -> (tensor<1x32x2x2xi8>, tensor<1x48x2x2xi8>) {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x32x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (16) into %a[0, %c + 16, %h, %w] {
    %v = affine_nest.load %a[0, %k, %h, %w] : tensor<1x32x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x32x2x2xi8>
  %e = affine_nest.for (%n, %c, %h, %w) = (1, 32, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %b[0, %c, %h, %w] : tensor<1x32x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x48x2x2xi8>
  %d = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) reduce (%k) = (32) into %e[0, %c + 32, %h, %w] {
    %v = affine_nest.load %b[0, %k, %h, %w] : tensor<1x32x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x48x2x2xi8>
  return %b, %d : tensor<1x32x2x2xi8>, tensor<1x48x2x2xi8>
}
// CHECK-LABEL: func.func @grows(
// CHECK-NEXT: %a = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c, %h, %w] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %e = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 16, 2, 2) reduce (%k) = (16) into %a[0, %c_1 + 16, %h_1, %w_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %a[0, %k, %h_1, %w_1] : tensor<1x48x2x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %d = affine_nest.for (%n_2, %c_2, %h_2, %w_2) = (1, 16, 2, 2) reduce (%k_1) = (32) into %e[0, %c_2 + 32, %h_2, %w_2] {
// CHECK-NEXT: %v_2 = affine_nest.load %e[0, %k_1, %h_2, %w_2] : tensor<1x48x2x2xi8>
// CHECK-NEXT: %m_1 = affine_nest.reduce max %v_2 : i8
// CHECK-NEXT: affine_nest.yield %m_1 : i8
// CHECK-NEXT: } : tensor<1x48x2x2xi8>
// CHECK-NEXT: %b = affine_nest.for (%n_3, %c_3, %h_3, %w_3) = (1, 32, 2, 2) {
// CHECK-NEXT: %e_1 = affine_nest.load %e[0, %c_3, %h_3, %w_3] : tensor<1x48x2x2xi8>
// CHECK-NEXT: affine_nest.yield %e_1 : i8
// CHECK-NEXT: } : tensor<1x32x2x2xi8>
// CHECK-NEXT: func.return %b, %d : tensor<1x32x2x2xi8>, tensor<1x48x2x2xi8>

// Inside a block of 16 channels the machine cannot write: this stays a copy.
func.func @inside_a_block(%x: tensor<1x8x2x2xi8>) -> tensor<1x16x2x2xi8> {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into [0, %c, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x8x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x16x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) reduce (%k) = (8) {
    %v = affine_nest.load %x[0, %k, %h, %w] : tensor<1x8x2x2xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } : tensor<1x8x2x2xi8>
  %d = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into %a[0, %c + 8, %h, %w] {
    %v = affine_nest.load %b[0, %c, %h, %w] : tensor<1x8x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x16x2x2xi8>
  return %d : tensor<1x16x2x2xi8>
}
// CHECK-LABEL: func.func @inside_a_block(
// CHECK-NEXT: %a = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into [0, %c, %h, %w] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x8x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } : tensor<1x16x2x2xi8>
// CHECK-NEXT: %b = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (1, 8, 2, 2) reduce (%k) = (8) {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %k, %h_1, %w_1] : tensor<1x8x2x2xi8>
// CHECK-NEXT: %m = affine_nest.reduce max %v_1 : i8
// CHECK-NEXT: affine_nest.yield %m : i8
// CHECK-NEXT: } : tensor<1x8x2x2xi8>
// CHECK-NEXT: %d = affine_nest.for (%n_2, %c_2, %h_2, %w_2) = (1, 8, 2, 2) into %a[0, %c_2 + 8, %h_2, %w_2] {
// CHECK-NEXT: %v_2 = affine_nest.load %b[0, %c_2, %h_2, %w_2] : tensor<1x8x2x2xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<1x16x2x2xi8>
// CHECK-NEXT: func.return %d : tensor<1x16x2x2xi8>
