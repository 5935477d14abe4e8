// RUN: nopt %s -p affine-nest-pack | filecheck %s
// Parts of tensors in whole blocks.

// A part of whole blocks is written and read; the second nest reads what it does not write.
func.func @parts(%x: tensor<1x16x2x2xi8>) -> tensor<1x40x2x2xi8> {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c + 16, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<1x40x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into %a[0, %c + 32, %h, %w] {
    %v = affine_nest.load %a[0, %c + 16, %h, %w] : tensor<1x40x2x2xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<1x40x2x2xi8>
  return %b : tensor<1x40x2x2xi8>
}
// CHECK-LABEL: func.func @parts(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 1, 2, 2, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %lane, %i2, %i3] : tensor<1x16x2x2xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x1x2x2x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%n, %cb, %h, %w, %cl) = (1, 1, 2, 2, 16) into [0, 1, %h, %w, %cl] {
// CHECK-NEXT: %v = affine_nest.load %x_1[0, 0, %h, %w, %cl] : tensor<1x1x2x2x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 40, 2, 2>}} : tensor<1x3x2x2x16xi8>
// CHECK-NEXT: %b = affine_nest.for (%n_1, %cb_1, %h_1, %w_1, %cl_1) = (1, 1, 2, 2, 16) into %a[0, 2, %h_1, %w_1, %cl_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %a[0, 1, %h_1, %w_1, %cl_1] : tensor<1x3x2x2x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 40, 2, 2>}} : tensor<1x3x2x2x16xi8>
// CHECK-NEXT: %b_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 40, 2, 2) {
// CHECK-NEXT: %b_2 = affine_nest.load %b[0, %i1_1 floordiv 16, %i2_1, %i3_1, %i1_1 mod 16] : tensor<1x3x2x2x16xi8>
// CHECK-NEXT: affine_nest.yield %b_2 : i8
// CHECK-NEXT: } : tensor<1x40x2x2xi8>
// CHECK-NEXT: func.return %b_1 : tensor<1x40x2x2xi8>

// The rest of a block may be written if nobody has written it yet, and nobody reads it.
func.func @hole(%x: tensor<24x16xi8>) -> tensor<48xi8> {
  %a = affine_nest.for (%c) = (24) into [%c] {
    %v = affine_nest.load %x[%c, 0] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<48xi8>
  %b = affine_nest.for (%c) = (16) into %a[%c + 32] {
    %v = affine_nest.load %x[0, %c] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<48xi8>
  return %b : tensor<48xi8>
}
// CHECK-LABEL: func.func @hole(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 16, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] pad 0 : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (2, 16) into [%cb, %cl] {
// CHECK-NEXT: %v = affine_nest.load %x_1[%cb, 0, %cl] : tensor<2x16x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 48>}} : tensor<3x16xi8>
// CHECK-NEXT: %x_3 = affine_nest.for (%i0_1, %i1_1, %lane_1) = (24, 1, 16) {
// CHECK-NEXT: %x_4 = affine_nest.load %x[%i0_1, %lane_1] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_4 : i8
// CHECK-NEXT: } : tensor<24x1x16xi8>
// CHECK-NEXT: %b = affine_nest.for (%cb_1, %cl_1) = (1, 16) into %a[2, %cl_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x_3[0, 0, %cl_1] : tensor<24x1x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 48>}} : tensor<3x16xi8>
// CHECK-NEXT: %b_1 = affine_nest.for (%i0_2) = (48) {
// CHECK-NEXT: %b_2 = affine_nest.load %b[%i0_2 floordiv 16, %i0_2 mod 16] : tensor<3x16xi8>
// CHECK-NEXT: affine_nest.yield %b_2 : i8
// CHECK-NEXT: } : tensor<48xi8>
// CHECK-NEXT: func.return %b_1 : tensor<48xi8>

// So it may after others were written elsewhere.
func.func @hole_after_others(%x: tensor<24x16xi8>) -> tensor<48xi8> {
  %a = affine_nest.for (%c) = (16) into [%c + 32] {
    %v = affine_nest.load %x[0, %c] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<48xi8>
  %b = affine_nest.for (%c) = (24) into %a[%c] {
    %v = affine_nest.load %x[%c, 0] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<48xi8>
  return %b : tensor<48xi8>
}
// CHECK-LABEL: func.func @hole_after_others(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (24, 1, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %lane] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<24x1x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (1, 16) into [2, %cl] {
// CHECK-NEXT: %v = affine_nest.load %x_1[0, 0, %cl] : tensor<24x1x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 48>}} : tensor<3x16xi8>
// CHECK-NEXT: %x_3 = affine_nest.for (%i0_1, %i1_1, %lane_1) = (2, 16, 16) {
// CHECK-NEXT: %x_4 = affine_nest.load %x[%i0_1 * 16 + %lane_1, %i1_1] pad 0 : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_4 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %b = affine_nest.for (%cb_1, %cl_1) = (2, 16) into %a[%cb_1, %cl_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x_3[%cb_1, 0, %cl_1] : tensor<2x16x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 48>}} : tensor<3x16xi8>
// CHECK-NEXT: %b_1 = affine_nest.for (%i0_2) = (48) {
// CHECK-NEXT: %b_2 = affine_nest.load %b[%i0_2 floordiv 16, %i0_2 mod 16] : tensor<3x16xi8>
// CHECK-NEXT: affine_nest.yield %b_2 : i8
// CHECK-NEXT: } : tensor<48xi8>
// CHECK-NEXT: func.return %b_1 : tensor<48xi8>
