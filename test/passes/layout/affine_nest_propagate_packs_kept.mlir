// RUN: nopt %s -p affine-nest-propagate-packs | filecheck %s
// Copies that stay, for what would read elsewhere cannot.

// Rows 3 to 5 are no padding of rows 0 to 2: a window beside these must not reach them.
func.func @two_images(%x: tensor<6x16xi8>) -> tensor<2x3x16xi8> {
  %images = affine_nest.for (%n, %i, %lane) = (2, 3, 16) {
    %a = affine_nest.load %x[%n * 3 + %i, %lane] : tensor<6x16xi8>
    affine_nest.yield %a : i8
  } : tensor<2x3x16xi8>
  %y = affine_nest.for (%n_1, %i_1, %lane_1) = (2, 3, 16) reduce (%w) = (3) {
    %b = affine_nest.load %images[%n_1, %i_1 + %w - 1, %lane_1] pad -128 : tensor<2x3x16xi8>
    %m = affine_nest.reduce max %b : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<2x3x16xi8>
  func.return %y : tensor<2x3x16xi8>
}
// CHECK-LABEL: func.func @two_images(
// CHECK: %images = affine_nest.for
// CHECK: affine_nest.load %images[%n_1, %i_1 + %w - 1, %lane_1] pad -128

// The core divides no index: rows that are turned around are turned before.
func.func @turned(%x: tensor<5x16xi8>) -> tensor<5x16xi8> {
  %turned = affine_nest.for (%i, %lane) = (5, 16) {
    %a = affine_nest.load %x[(%i + 2) mod 5, %lane] : tensor<5x16xi8>
    affine_nest.yield %a : i8
  } : tensor<5x16xi8>
  %y = affine_nest.for (%i_1, %lane_1) = (5, 16) {
    %b = affine_nest.load %turned[%i_1, %lane_1] : tensor<5x16xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %b, %zero : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<5x16xi8>
  func.return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @turned(
// CHECK: %turned = affine_nest.for
// CHECK: affine_nest.load %turned[%i_1, %lane_1]

// What a caller gets in one shape is not stored in another.
func.func @both(%x: tensor<5x1x16xi8>) -> (tensor<5x1x16xi8>, tensor<5x16xi8>) {
  %y = affine_nest.for (%i, %block, %lane) = (5, 1, 16) {
    %a = affine_nest.load %x[%i, %block, %lane] : tensor<5x1x16xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %a, %zero : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<5x1x16xi8>
  %rows = affine_nest.for (%i_1, %lane_1) = (5, 16) {
    %b = affine_nest.load %y[%i_1, 0, %lane_1] : tensor<5x1x16xi8>
    affine_nest.yield %b : i8
  } : tensor<5x16xi8>
  func.return %y, %rows : tensor<5x1x16xi8>, tensor<5x16xi8>
}
// CHECK-LABEL: func.func @both(
// CHECK: } attributes {placement = "core"} : tensor<5x1x16xi8>
// CHECK: %rows = affine_nest.for
// CHECK: func.return %y, %rows : tensor<5x1x16xi8>, tensor<5x16xi8>
