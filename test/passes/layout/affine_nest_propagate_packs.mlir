// RUN: nopt %s -p affine-nest-propagate-packs | filecheck %s
// Packs and unpacks between nests vanish where the core can store, or load, what they copy.

// What ends in whole blocks is in blocks as it is: such inputs, residuals and results are no copies.
func.func @residual(%x: tensor<5x16xi8>, %w: tensor<16x16xi8>, %r: tensor<5x16xi8>) -> tensor<5x16xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (5, 1, 16) {
    %x_2 = affine_nest.load %x[%i0, %lane] : tensor<5x16xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<5x1x16xi8>
  %w_1 = affine_nest.for (%jl, %kl) = (16, 16) {
    %w_2 = affine_nest.load %w[%kl, %jl] : tensor<16x16xi8>
    affine_nest.yield %w_2 : i8
  } : tensor<16x16xi8>
  %r_1 = affine_nest.for (%i0_1, %i1_1, %lane_1) = (5, 1, 16) {
    %r_2 = affine_nest.load %r[%i0_1, %lane_1] : tensor<5x16xi8>
    affine_nest.yield %r_2 : i8
  } : tensor<5x1x16xi8>
  %y = affine_nest.for (%i, %jb, %jl_1) = (5, 1, 16) reduce (%kb, %kl_1) = (1, 16) {
    %a = affine_nest.load %x_1[%i, 0, %kl_1] : tensor<5x1x16xi8>
    %b = affine_nest.load %w_1[%jl_1, %kl_1] : tensor<16x16xi8>
    %c = affine_nest.load %r_1[%i, 0, %jl_1] : tensor<5x1x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %ce = arith.extsi %c : i8 to i32
    %u = arith.addi %s, %ce : i32
    %t = arith.trunci %u : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 5, 16>}} : tensor<5x1x16xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2) = (5, 16) {
    %y_2 = affine_nest.load %y[%i0_2, 0, %i1_2] : tensor<5x1x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<5x16xi8>
  func.return %y_1 : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @residual(
// CHECK-NEXT: %w_1 = affine_nest.for (%jl, %kl) = (16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%kl, %jl] : tensor<16x16xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (5, 16) reduce (%kb, %kl_1) = (1, 16) {
// CHECK-NEXT: %a = affine_nest.load %x[%i0, %kl_1] : tensor<5x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%i1, %kl_1] : tensor<16x16xi8>
// CHECK-NEXT: %c = affine_nest.load %r[%i0, %i1] : tensor<5x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<5x16xi8>
// CHECK-NEXT: func.return %y : tensor<5x16xi8>

// Keys are limited in vectors along their columns, and play weights: blocks of 16 rows of these, which
// their maker can store at once.
func.func @keys(%q: tensor<32x32xi8>, %x: tensor<48x32xi8>) -> tensor<32x48xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (48, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<48x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<48x2x16xi8>
  %k = affine_nest.for (%i, %jb, %jl) = (48, 2, 16) {
    %a = affine_nest.load %x_1[%i, %jb, %jl] : tensor<48x2x16xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %a, %zero : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 32>}} : tensor<48x2x16xi8>
  %k_1 = affine_nest.for (%i0_1, %i1_1) = (48, 32) {
    %k_2 = affine_nest.load %k[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<48x2x16xi8>
    affine_nest.yield %k_2 : i8
  } : tensor<48x32xi8>
  %q_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (32, 2, 16) {
    %q_2 = affine_nest.load %q[%i0_2, %i1_2 * 16 + %lane_1] : tensor<32x32xi8>
    affine_nest.yield %q_2 : i8
  } : tensor<32x2x16xi8>
  %k_3 = affine_nest.for (%ob, %jb_1, %ol, %jl_1) = (3, 2, 16, 16) {
    %k_4 = affine_nest.load %k_1[%ob * 16 + %ol, %jb_1 * 16 + %jl_1] : tensor<48x32xi8>
    affine_nest.yield %k_4 : i8
  } : tensor<3x2x16x16xi8>
  %y = affine_nest.for (%i_1, %ob_1, %ol_1) = (32, 3, 16) reduce (%jb_2, %jl_2) = (2, 16) {
    %a_1 = affine_nest.load %q_1[%i_1, %jb_2, %jl_2] : tensor<32x2x16xi8>
    %b = affine_nest.load %k_3[%ob_1, %jb_2, %ol_1, %jl_2] : tensor<3x2x16x16xi8>
    %ae = arith.extsi %a_1 : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 48>}} : tensor<32x3x16xi8>
  %y_1 = affine_nest.for (%i0_3, %i1_3) = (32, 48) {
    %y_2 = affine_nest.load %y[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<32x3x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<32x48xi8>
  func.return %y_1 : tensor<32x48xi8>
}
// CHECK-LABEL: func.func @keys(
// CHECK-NEXT: %k = affine_nest.for (%ob, %jb, %ol, %jl) = (3, 2, 16, 16) {
// CHECK-NEXT: %a = affine_nest.load %x[%ob * 16 + %ol, %jb * 16 + %jl] : tensor<48x32xi8>
// CHECK: affine_nest.yield %m : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<3x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i, %ob_1, %ol_1) = (32, 3, 16) reduce (%jb_1, %jl_1) = (2, 16) into [%i, %ob_1 * 16 + %ol_1] {
// CHECK-NEXT: %a_1 = affine_nest.load %q[%i, %jb_1 * 16 + %jl_1] : tensor<32x32xi8>
// CHECK-NEXT: %b = affine_nest.load %k[%ob_1, %jb_1, %ol_1, %jl_1] : tensor<3x2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32x48xi8>
// CHECK-NEXT: func.return %y : tensor<32x48xi8>

// 20 columns are no whole blocks: who calls the function has them row by row, so they are copied.
func.func @odd(%x: tensor<5x20xi8>) -> tensor<5x20xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (5, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] pad 0 : tensor<5x20xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<5x2x16xi8>
  %y = affine_nest.for (%i, %jb, %jl) = (5, 2, 16) {
    %a = affine_nest.load %x_1[%i, %jb, %jl] : tensor<5x2x16xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 5, 20>}} : tensor<5x2x16xi8>
  %y_1 = affine_nest.for (%i0_1, %i1_1) = (5, 20) {
    %y_2 = affine_nest.load %y[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<5x2x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<5x20xi8>
  func.return %y_1 : tensor<5x20xi8>
}
// CHECK-LABEL: func.func @odd(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (5, 2, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] pad 0 : tensor<5x20xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<5x2x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i, %jb, %jl) = (5, 2, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[%i, %jb, %jl] : tensor<5x2x16xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 5, 20>}} : tensor<5x2x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (5, 20) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<5x2x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<5x20xi8>
// CHECK-NEXT: func.return %y_1 : tensor<5x20xi8>

// Pieces of a tensor are stored in its memory as it is returned, all or none.
func.func @pieces(%x: tensor<3x16xi8>) -> tensor<3x32xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (3, 1, 16) {
    %x_2 = affine_nest.load %x[%i0, %lane] : tensor<3x16xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<3x1x16xi8>
  %a = affine_nest.for (%i, %cb, %cl) = (3, 1, 16) into [%i, 0, %cl] {
    %v = affine_nest.load %x_1[%i, 0, %cl] : tensor<3x1x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 3, 32>}} : tensor<3x2x16xi8>
  %b = affine_nest.for (%i_1, %cb_1, %cl_1) = (3, 1, 16) into %a[%i_1, 1, %cl_1] {
    %v_1 = affine_nest.load %x_1[%i_1, 0, %cl_1] : tensor<3x1x16xi8>
    affine_nest.yield %v_1 : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 3, 32>}} : tensor<3x2x16xi8>
  %b_1 = affine_nest.for (%i0_1, %i1_1) = (3, 32) {
    %b_2 = affine_nest.load %b[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<3x2x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<3x32xi8>
  func.return %b_1 : tensor<3x32xi8>
}
// CHECK-LABEL: func.func @pieces(
// CHECK-NEXT: %a = affine_nest.for (%i, %cb, %cl) = (3, 1, 16) into [%i, %cl] {
// CHECK-NEXT: %v = affine_nest.load %x[%i, %cl] : tensor<3x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<3x32xi8>
// CHECK-NEXT: %b = affine_nest.for (%i_1, %cb_1, %cl_1) = (3, 1, 16) into %a[%i_1, %cl_1 + 16] {
// CHECK-NEXT: %v_1 = affine_nest.load %x[%i_1, %cl_1] : tensor<3x16xi8>
// CHECK-NEXT: affine_nest.yield %v_1 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<3x32xi8>
// CHECK-NEXT: func.return %b : tensor<3x32xi8>

// A nest that writes all of a tensor, be it one vector: what was there does not matter, and it
// stores what its reader wants.
func.func @whole(%x: tensor<1x1x16xi8>, %z: tensor<1x1x16xi8>) -> tensor<1x1x16xi8> {
  %z_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (1, 1, 1, 16) {
    %z_2 = affine_nest.load %z[0, 0, %lane] : tensor<1x1x16xi8>
    affine_nest.yield %z_2 : i8
  } : tensor<1x1x1x16xi8>
  %x_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %lane_1) = (1, 1, 1, 16) {
    %x_2 = affine_nest.load %x[0, 0, %lane_1] : tensor<1x1x16xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<1x1x1x16xi8>
  %y = affine_nest.for (%i, %j, %kb, %kl) = (1, 1, 1, 16) into %x_1[0, 0, 0, %kl] {
    %a = affine_nest.load %z_1[0, 0, 0, %kl] : tensor<1x1x1x16xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 1, 1, 16>}} : tensor<1x1x1x16xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %i2_2) = (1, 1, 16) {
    %y_2 = affine_nest.load %y[0, 0, 0, %i2_2] : tensor<1x1x1x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<1x1x16xi8>
  func.return %y_1 : tensor<1x1x16xi8>
}
// CHECK-LABEL: func.func @whole(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1, %i2) = (1, 1, 16) {
// CHECK-NEXT: %a = affine_nest.load %z[0, 0, %i2] : tensor<1x1x16xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<1x1x16xi8>
// CHECK-NEXT: func.return %y : tensor<1x1x16xi8>
