// RUN: nopt %s -p affine-nest-infer-layout,affine-nest-apply-layout | filecheck %s
// Parts of tensors in whole blocks; destinations that may be overwritten.

// A part of whole blocks is written and read; the second nest reads what it does not write.
func.func @parts(%x: tensor<1x16x2x2xi8>) -> tensor<1x40x2x2xi8> {
  %a = affine_nest.for (%n, %c, %h, %w) = (1, 16, 2, 2) into [0, %c + 16, %h, %w] {
    %v = affine_nest.load %x[0, %c, %h, %w] : tensor<1x16x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x40x2x2xi8>
  %b = affine_nest.for (%n, %c, %h, %w) = (1, 8, 2, 2) into %a[0, %c + 32, %h, %w] {
    %v = affine_nest.load %a[0, %c + 16, %h, %w] : tensor<1x40x2x2xi8>
    affine_nest.yield %v : i8
  } : tensor<1x40x2x2xi8>
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
  } : tensor<48xi8>
  %b = affine_nest.for (%c) = (16) into %a[%c + 32] {
    %v = affine_nest.load %x[0, %c] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48xi8>
  return %b : tensor<48xi8>
}
// CHECK-LABEL: func.func @hole(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 16, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] pad 0 : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (2, 16) into [%cb * 16 + %cl] {
// CHECK-NEXT: %v = affine_nest.load %x_1[%cb, 0, %cl] : tensor<2x16x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<48xi8>
// CHECK-NEXT: %b = affine_nest.for (%cb_1, %cl_1) = (1, 16) into %a[%cl_1 + 32] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[0, %cl_1] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<48xi8>
// CHECK-NEXT: func.return %b : tensor<48xi8>

// So it may after others were written elsewhere.
func.func @hole_after_others(%x: tensor<24x16xi8>) -> tensor<48xi8> {
  %a = affine_nest.for (%c) = (16) into [%c + 32] {
    %v = affine_nest.load %x[0, %c] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48xi8>
  %b = affine_nest.for (%c) = (24) into %a[%c] {
    %v = affine_nest.load %x[%c, 0] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48xi8>
  return %b : tensor<48xi8>
}
// CHECK-LABEL: func.func @hole_after_others(
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (1, 16) into [%cl + 32] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %cl] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<48xi8>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 16, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] pad 0 : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %b = affine_nest.for (%cb_1, %cl_1) = (2, 16) into %a[%cb_1 * 16 + %cl_1] {
// CHECK-NEXT: %v_1 = affine_nest.load %x_1[%cb_1, 0, %cl_1] : tensor<2x16x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<48xi8>
// CHECK-NEXT: func.return %b : tensor<48xi8>

// Here somebody has.
func.func @no_hole(%x: tensor<24x16xi8>) -> tensor<48xi8> {
  %a = affine_nest.for (%c) = (16) into [%c + 16] {
    %v = affine_nest.load %x[0, %c] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48xi8>
  %b = affine_nest.for (%c) = (24) into %a[%c] {
    %v = affine_nest.load %x[%c, 0] : tensor<24x16xi8>
    affine_nest.yield %v : i8
  } : tensor<48xi8>
  return %b : tensor<48xi8>
}
// CHECK-LABEL: func.func @no_hole(
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (1, 16) into [%cl + 16] {
// CHECK-NEXT: %v = affine_nest.load %x[0, %cl] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<48xi8>
// CHECK-NEXT: %b = affine_nest.for (%c) = (24) into %a[%c] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[%c, 0] : tensor<24x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "host", host_reason = "it writes a part of the channels of a tensor, not in blocks of 16"} : tensor<48xi8>
// CHECK-NEXT: func.return %b : tensor<48xi8>

// What is returned, or read by another nest, must not be overwritten: a copy is.
func.func @read_before(%x: tensor<16xi8>) -> (tensor<32xi8>, tensor<32xi8>) {
  %a = affine_nest.for (%c) = (16) into [%c] {
    %v = affine_nest.load %x[%c] : tensor<16xi8>
    affine_nest.yield %v : i8
  } : tensor<32xi8>
  %b = affine_nest.for (%c) = (16) into %a[%c + 16] {
    %v = affine_nest.load %x[%c] : tensor<16xi8>
    affine_nest.yield %v : i8
  } : tensor<32xi8>
  return %a, %b : tensor<32xi8>, tensor<32xi8>
}
// CHECK-LABEL: func.func @read_before(
// CHECK-NEXT: %a = affine_nest.for (%cb, %cl) = (1, 16) into [%cl] {
// CHECK-NEXT: %v = affine_nest.load %x[%cl] : tensor<16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32xi8>
// CHECK-NEXT: %a_1 = affine_nest.for (%i0, %lane) = (2, 16) into [%i0 * 16 + %lane] {
// CHECK-NEXT: %a_2 = affine_nest.load %a[%i0 * 16 + %lane] : tensor<32xi8>
// CHECK-NEXT: affine_nest.yield %a_2 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32xi8>
// CHECK-NEXT: %b = affine_nest.for (%cb_1, %cl_1) = (1, 16) into %a_1[%cl_1 + 16] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[%cl_1] : tensor<16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32xi8>
// CHECK-NEXT: func.return %a, %b : tensor<32xi8>, tensor<32xi8>
