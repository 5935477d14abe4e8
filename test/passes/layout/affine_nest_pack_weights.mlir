// RUN: nopt %s -p affine-nest-pack | filecheck %s
// Weights as matrices of a block of outputs by a block of inputs, zero where none meet.

// A depthwise convolution: one block of weights a channel block, each a diagonal.
func.func @depthwise(%x: tensor<1x20x6x6xi8>, %w: tensor<20x3x3xi8>) -> tensor<1x20x4x4xi8> {
  %y = affine_nest.for (%n, %c, %h, %v) = (1, 20, 4, 4) reduce (%kh, %kw) = (3, 3) {
    %a = affine_nest.load %x[0, %c, %h + %kh, %v + %kw] : tensor<1x20x6x6xi8>
    %b = affine_nest.load %w[%c, %kh, %kw] : tensor<20x3x3xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x20x4x4xi8>
  return %y : tensor<1x20x4x4xi8>
}
// CHECK-LABEL: func.func @depthwise(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (20, 3, 3, 1) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%i0_1, %i1_1, %i2_1] : tensor<20x3x3xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<20x3x3x1xi8>
// CHECK-NEXT: %w_3 = affine_nest.for (%cb, %kh, %kw, %cl, %il) = (2, 3, 3, 16, 16) {
// CHECK-NEXT: %w_4 = affine_nest.load %w_1[%cb * 16 + %cl, %kh, %kw, %il - %cl] pad 0 : tensor<20x3x3x1xi8>
// CHECK-NEXT: affine_nest.yield %w_4 : i8
// CHECK-NEXT: } : tensor<2x3x3x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %cb_1, %h, %v, %cl_1) = (1, 2, 4, 4, 16) reduce (%kh_1, %kw_1, %il_1) = (3, 3, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %cb_1, %h + %kh_1, %v + %kw_1, %il_1] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_3[%cb_1, %kh_1, %kw_1, %cl_1, %il_1] : tensor<2x3x3x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 4, 4>}} : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_2, %i1_2, %i2_2, %i3_2) = (1, 20, 4, 4) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i1_2 floordiv 16, %i2_2, %i3_2, %i1_2 mod 16] : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x20x4x4xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x20x4x4xi8>

// Groups of 12 in blocks of 16: a block of outputs reads up to two blocks of inputs.
func.func @grouped(%x: tensor<24x5xi8>, %w: tensor<24x12xi8>) -> tensor<24x5xi8> {
  %y = affine_nest.for (%c, %h) = (24, 5) reduce (%i) = (12) {
    %a = affine_nest.load %x[(%c floordiv 12) * 12 + %i, %h] : tensor<24x5xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<24x12xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 0, weights second>} : tensor<24x5xi8>
  return %y : tensor<24x5xi8>
}
// CHECK-LABEL: func.func @grouped(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 5, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] pad 0 : tensor<24x5xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x5x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%cb, %ib, %cl, %il) = (2, 2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%cb * 16 + %cl, %ib * 16 + %il - ((%cb * 16 + %cl) floordiv 12) * 12] pad 0 : tensor<24x12xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%cb_1, %h, %cl_1) = (2, 5, 16) reduce (%ib_1, %il_1) = (2, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[%ib_1, %h, %il_1] : tensor<2x5x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%cb_1, %ib_1, %cl_1, %il_1] : tensor<2x2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 24, 5>}} : tensor<2x5x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (24, 5) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1 floordiv 16, %i1_1, %i0_1 mod 16] : tensor<2x5x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<24x5xi8>
// CHECK-NEXT: func.return %y_1 : tensor<24x5xi8>

// Weights are either factor; in the packed nest the second one.
func.func @weights_first(%x: tensor<32x5xi8>) -> tensor<20x5xi8> {
  %w = graph.constant dense<1> : tensor<20x32xi8>
  %y = affine_nest.for (%c, %j) = (20, 5) reduce (%k) = (32) {
    %a = affine_nest.load %w[%c, %k] : tensor<20x32xi8>
    %b = affine_nest.load %x[%k, %j] : tensor<32x5xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 0, weights first>} : tensor<20x5xi8>
  return %y : tensor<20x5xi8>
}
// CHECK-LABEL: func.func @weights_first(
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<20x32xi8>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 5, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] : tensor<32x5xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x5x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%cb, %kb, %cl, %kl) = (2, 2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%cb * 16 + %cl, %kb * 16 + %kl] pad 0 : tensor<20x32xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%cb_1, %j, %cl_1) = (2, 5, 16) reduce (%kb_1, %kl_1) = (2, 16) {
// CHECK-NEXT: %b = affine_nest.load %x_1[%kb_1, %j, %kl_1] : tensor<2x5x16xi8>
// CHECK-NEXT: %a = affine_nest.load %w_1[%cb_1, %kb_1, %cl_1, %kl_1] : tensor<2x2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 20, 5>}} : tensor<2x5x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (20, 5) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1 floordiv 16, %i1_1, %i0_1 mod 16] : tensor<2x5x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<20x5xi8>
// CHECK-NEXT: func.return %y_1 : tensor<20x5xi8>

// Attention: the keys play weights, and are packed at run time. Heads are whole blocks of channels.
func.func @heads(%q: tensor<20x64xi8>, %k: tensor<20x64xi8>) -> tensor<2x20x20xi8> {
  %y = affine_nest.for (%b, %m, %n) = (2, 20, 20) reduce (%i) = (32) {
    %x = affine_nest.load %q[%m, %b * 32 + %i] : tensor<20x64xi8>
    %w = affine_nest.load %k[%n, %b * 32 + %i] : tensor<20x64xi8>
    %xe = arith.extsi %x : i8 to i32
    %we = arith.extsi %w : i8 to i32
    %p = arith.muli %xe, %we : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output n, input 1, weights second>} : tensor<2x20x20xi8>
  return %y : tensor<2x20x20xi8>
}
// CHECK-LABEL: func.func @heads(
// CHECK-NEXT: %q_1 = affine_nest.for (%i0, %i1, %lane) = (20, 4, 16) {
// CHECK-NEXT: %q_2 = affine_nest.load %q[%i0, %i1 * 16 + %lane] : tensor<20x64xi8>
// CHECK-NEXT: affine_nest.yield %q_2 : i8
// CHECK-NEXT: } : tensor<20x4x16xi8>
// CHECK-NEXT: %k_1 = affine_nest.for (%b, %nb, %ib, %nl, %il) = (2, 2, 2, 16, 16) {
// CHECK-NEXT: %k_2 = affine_nest.load %k[%nb * 16 + %nl, %b * 32 + %ib * 16 + %il] pad 0 : tensor<20x64xi8>
// CHECK-NEXT: affine_nest.yield %k_2 : i8
// CHECK-NEXT: } : tensor<2x2x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%b_1, %m, %nb_1, %nl_1) = (2, 20, 2, 16) reduce (%ib_1, %il_1) = (2, 16) {
// CHECK-NEXT: %x = affine_nest.load %q_1[%m, %b_1 * 2 + %ib_1, %il_1] : tensor<20x4x16xi8>
// CHECK-NEXT: %w = affine_nest.load %k_1[%b_1, %nb_1, %ib_1, %nl_1, %il_1] : tensor<2x2x2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 2, 20, 20>}} : tensor<2x20x2x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2) = (2, 20, 20) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1, %i1_1, %i2 floordiv 16, %i2 mod 16] : tensor<2x20x2x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<2x20x20xi8>
// CHECK-NEXT: func.return %y_1 : tensor<2x20x20xi8>

// Row by row products: the rows are the lanes of both sides, the weights diagonals.
func.func @row_products(%x: tensor<5x3xi8>, %w: tensor<5x3xi8>) -> tensor<5xi8> {
  %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
    %a = affine_nest.load %x[%i, %k] : tensor<5x3xi8>
    %b = affine_nest.load %w[%i, %k] : tensor<5x3xi8>
    %d = arith.extsi %a : i8 to i32
    %c = arith.extsi %b : i8 to i32
    %p = arith.muli %d, %c : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output i, input 0, weights second>} : tensor<5xi8>
  return %y : tensor<5xi8>
}
// CHECK-LABEL: func.func @row_products(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (1, 3, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%lane, %i1] pad 0 : tensor<5x3xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x3x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%i0_1, %i1_1, %i2) = (5, 3, 1) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%i0_1, %i1_1] : tensor<5x3xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<5x3x1xi8>
// CHECK-NEXT: %w_3 = affine_nest.for (%k, %il, %il_1) = (3, 16, 16) {
// CHECK-NEXT: %w_4 = affine_nest.load %w_1[%il, %k, %il_1 - %il] pad 0 : tensor<5x3x1xi8>
// CHECK-NEXT: affine_nest.yield %w_4 : i8
// CHECK-NEXT: } : tensor<3x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%ib, %il_2) = (1, 16) reduce (%k_1, %il_3) = (3, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %k_1, %il_3] : tensor<1x3x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_3[%k_1, %il_2, %il_3] : tensor<3x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 5>}} : tensor<1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_2) = (5) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i0_2] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<5xi8>
// CHECK-NEXT: func.return %y_1 : tensor<5xi8>

// One output channel is a block of one.
func.func @one_channel(%x: tensor<1x20x6x6xi8>, %w: tensor<1x20x3x3xi8>) -> tensor<1x1x4x4xi8> {
  %y = affine_nest.for (%n, %o, %h, %v) = (1, 1, 4, 4) reduce (%i, %kh, %kw) = (20, 3, 3) {
    %a = affine_nest.load %x[0, %i, %h + %kh, %v + %kw] : tensor<1x20x6x6xi8>
    %b = affine_nest.load %w[0, %i, %kh, %kw] : tensor<1x20x3x3xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %q = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %q : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<1x1x4x4xi8>
  return %y : tensor<1x1x4x4xi8>
}
// CHECK-LABEL: func.func @one_channel(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%ib, %kh, %kw, %ol, %il) = (2, 3, 3, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[0, %ib * 16 + %il, %kh, %kw] pad 0 : tensor<1x20x3x3xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x3x3x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %ob, %h, %v, %ol_1) = (1, 1, 4, 4, 16) reduce (%ib_1, %kh_1, %kw_1, %il_1) = (2, 3, 3, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %ib_1, %h + %kh_1, %v + %kw_1, %il_1] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%ib_1, %kh_1, %kw_1, %ol_1, %il_1] : tensor<2x3x3x16x16xi8>
// CHECK: %s = affine_nest.reduce add %q : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 1, 4, 4>}} : tensor<1x1x4x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 1, 4, 4) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, 0, %i2_1, %i3_1, 0] : tensor<1x1x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x1x4x4xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x1x4x4xi8>
