// RUN: nopt %s -p affine-nest-fuse | filecheck %s
// Which dimension has the lanes, and so whole blocks, the product says, not how many there are.

// Channels are last: rows are joined in place, wherever they begin.
func.func @rows(%x: tensor<1x3x4x16xi8>, %z: tensor<1x6x4x16xi8>) -> tensor<1x6x4x16xi8> {
  %w = graph.constant dense<1> : tensor<16x16xi8>
  %a = affine_nest.for (%n, %h, %v, %c) = (1, 3, 4, 16) reduce (%k) = (16) {
    %b = affine_nest.load %x[0, %h, %v, %k] : tensor<1x3x4x16xi8>
    %d = affine_nest.load %w[%c, %k] : tensor<16x16xi8>
    %be = arith.extsi %b : i8 to i32
    %de = arith.extsi %d : i8 to i32
    %p = arith.muli %be, %de : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<1x3x4x16xi8>
  %y = affine_nest.for (%n, %h, %v, %c) = (1, 3, 4, 16) into %z[0, %h + 3, %v, %c] {
    %b = affine_nest.load %a[0, %h, %v, %c] : tensor<1x3x4x16xi8>
    affine_nest.yield %b : i8
  } : tensor<1x6x4x16xi8>
  return %y : tensor<1x6x4x16xi8>
}
// CHECK-LABEL: func.func @rows(
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %h, %v, %c) = (1, 3, 4, 16) reduce (%k) = (16) into %z[0, %h + 3, %v, %c] {
// CHECK-NEXT: %b = affine_nest.load %x[0, %h, %v, %k] : tensor<1x3x4x16xi8>
// CHECK-NEXT: %d = affine_nest.load %w[%c, %k] : tensor<16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } : tensor<1x6x4x16xi8>
// CHECK-NEXT: func.return %y : tensor<1x6x4x16xi8>

// Half a block of them is not, though rows and columns are whole.
func.func @half(%x: tensor<1x4x4x16xi8>, %z: tensor<1x4x4x16xi8>) -> tensor<1x4x4x16xi8> {
  %w = graph.constant dense<1> : tensor<8x16xi8>
  %a = affine_nest.for (%n, %h, %v, %c) = (1, 4, 4, 8) reduce (%k) = (16) {
    %b = affine_nest.load %x[0, %h, %v, %k] : tensor<1x4x4x16xi8>
    %d = affine_nest.load %w[%c, %k] : tensor<8x16xi8>
    %be = arith.extsi %b : i8 to i32
    %de = arith.extsi %d : i8 to i32
    %p = arith.muli %be, %de : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<1x4x4x8xi8>
  %m = affine_nest.for (%n, %h, %v, %c) = (1, 4, 4, 8) reduce (%k) = (2) {
    %b = affine_nest.load %a[0, %h, %v + %k - 1, %c] pad -128 : tensor<1x4x4x8xi8>
    %s = affine_nest.reduce max %b : i8
    affine_nest.yield %s : i8
  } : tensor<1x4x4x8xi8>
  %y = affine_nest.for (%n, %h, %v, %c) = (1, 4, 4, 8) into %z[0, %h, %v, %c + 8] {
    %b = affine_nest.load %m[0, %h, %v, %c] : tensor<1x4x4x8xi8>
    affine_nest.yield %b : i8
  } : tensor<1x4x4x16xi8>
  return %y : tensor<1x4x4x16xi8>
}
// CHECK-LABEL: func.func @half(
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<8x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%n, %h, %v, %c) = (1, 4, 4, 8) reduce (%k) = (16) {
// CHECK-NEXT: %b = affine_nest.load %x[0, %h, %v, %k] : tensor<1x4x4x16xi8>
// CHECK-NEXT: %d = affine_nest.load %w[%c, %k] : tensor<8x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } : tensor<1x4x4x8xi8>
// CHECK-NEXT: %m = affine_nest.for (%n_1, %h_1, %v_1, %c_1) = (1, 4, 4, 8) reduce (%k_1) = (2) {
// CHECK-NEXT: %b_1 = affine_nest.load %a[0, %h_1, %v_1 + %k_1 - 1, %c_1] pad -128 : tensor<1x4x4x8xi8>
// CHECK-NEXT: %s_1 = affine_nest.reduce max %b_1 : i8
// CHECK-NEXT: affine_nest.yield %s_1 : i8
// CHECK-NEXT: } : tensor<1x4x4x8xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_2, %h_2, %v_2, %c_2) = (1, 4, 4, 8) into %z[0, %h_2, %v_2, %c_2 + 8] {
// CHECK-NEXT: %b_2 = affine_nest.load %m[0, %h_2, %v_2, %c_2] : tensor<1x4x4x8xi8>
// CHECK-NEXT: affine_nest.yield %b_2 : i8
// CHECK-NEXT: } : tensor<1x4x4x16xi8>
// CHECK-NEXT: func.return %y : tensor<1x4x4x16xi8>

// A single output channel is one of three here; without others, lanes lie along what fills them.
func.func @single(%x: tensor<1x4x16xi8>, %z: tensor<1x4x3xi8>) -> (tensor<1x4x3xi8>, tensor<6x16xi8>) {
  %w = graph.constant dense<1> : tensor<1x16xi8>
  %a = affine_nest.for (%n, %h, %c) = (1, 4, 1) reduce (%k) = (16) {
    %b = affine_nest.load %x[0, %h, %k] : tensor<1x4x16xi8>
    %d = affine_nest.load %w[0, %k] : tensor<1x16xi8>
    %be = arith.extsi %b : i8 to i32
    %de = arith.extsi %d : i8 to i32
    %p = arith.muli %be, %de : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<1x4x1xi8>
  %y = affine_nest.for (%n, %h, %c) = (1, 4, 1) into %z[0, %h, 1] {
    %b = affine_nest.load %a[0, %h, 0] : tensor<1x4x1xi8>
    affine_nest.yield %b : i8
  } : tensor<1x4x3xi8>
  %m = affine_nest.for (%i, %j) = (3, 16) reduce (%k) = (2) {
    %b = affine_nest.load %x[0, %i + %k, %j] : tensor<1x4x16xi8>
    %s = affine_nest.reduce max %b : i8
    affine_nest.yield %s : i8
  } : tensor<3x16xi8>
  %u = affine_nest.for (%i, %j) = (3, 16) into [%i + 3, %j] {
    %b = affine_nest.load %m[%i, %j] : tensor<3x16xi8>
    affine_nest.yield %b : i8
  } : tensor<6x16xi8>
  return %y, %u : tensor<1x4x3xi8>, tensor<6x16xi8>
}
// CHECK-LABEL: func.func @single(
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<1x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%n, %h, %c) = (1, 4, 1) reduce (%k) = (16) {
// CHECK-NEXT: %b = affine_nest.load %x[0, %h, %k] : tensor<1x4x16xi8>
// CHECK-NEXT: %d = affine_nest.load %w[0, %k] : tensor<1x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } : tensor<1x4x1xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %h_1, %c_1) = (1, 4, 1) into %z[0, %h_1, 1] {
// CHECK-NEXT: %b_1 = affine_nest.load %a[0, %h_1, 0] : tensor<1x4x1xi8>
// CHECK-NEXT: affine_nest.yield %b_1 : i8
// CHECK-NEXT: } : tensor<1x4x3xi8>
// CHECK-NEXT: %u = affine_nest.for (%i, %j) = (3, 16) reduce (%k_1) = (2) into [%i + 3, %j] {
// CHECK-NEXT: %b_2 = affine_nest.load %x[0, %i + %k_1, %j] : tensor<1x4x16xi8>
// CHECK-NEXT: %s_1 = affine_nest.reduce max %b_2 : i8
// CHECK-NEXT: affine_nest.yield %s_1 : i8
// CHECK-NEXT: } : tensor<6x16xi8>
// CHECK-NEXT: func.return %y, %u : tensor<1x4x3xi8>, tensor<6x16xi8>
