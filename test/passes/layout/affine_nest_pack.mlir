// RUN: nopt %s -p affine-nest-pack | filecheck %s
// Nests and tensors in the core's blocks of 16, along the lanes that are written.

// 20 input channels are two blocks, 10 output channels one; the weights are packed as they are read.
func.func @conv(%x: tensor<1x20x6x6xi8>, %w: tensor<10x20x3x3xi8>) -> tensor<1x10x6x6xi8> {
  %y = affine_nest.for (%n, %c, %h, %v) = (1, 10, 6, 6) reduce (%i, %kh, %kw) = (20, 3, 3) {
    %a = affine_nest.load %x[0, %i, %h + %kh - 1, %v + %kw - 1] pad 0 : tensor<1x20x6x6xi8>
    %b = affine_nest.load %w[%c, %i, %kh, %kw] : tensor<10x20x3x3xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x10x6x6xi8>
  return %y : tensor<1x10x6x6xi8>
}
// CHECK-LABEL: func.func @conv(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%ib, %kh, %kw, %cl, %il) = (2, 3, 3, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%cl, %ib * 16 + %il, %kh, %kw] pad 0 : tensor<10x20x3x3xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x3x3x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %cb, %h, %v, %cl_1) = (1, 1, 6, 6, 16) reduce (%ib_1, %kh_1, %kw_1, %il_1) = (2, 3, 3, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %ib_1, %h + %kh_1 - 1, %v + %kw_1 - 1, %il_1] pad 0 : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%ib_1, %kh_1, %kw_1, %cl_1, %il_1] : tensor<2x3x3x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 10, 6, 6>}} : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 10, 6, 6) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, 0, %i2_1, %i3_1, %i1_1] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x10x6x6xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x10x6x6xi8>

// The bias is read lane by lane. Between nests that agree nothing is laid out anew.
func.func @two_layers(%x: tensor<1x16x6x6xi8>, %v: tensor<32x16xi8>, %w: tensor<16x32xi8>) -> tensor<1x16x6x6xi8> {
  %bias = graph.constant dense<5> : tensor<32x1x1xi32>
  %m = affine_nest.for (%n, %c, %h, %j) = (1, 32, 6, 6) reduce (%i) = (16) {
    %a = affine_nest.load %x[0, %i, %h, %j] : tensor<1x16x6x6xi8>
    %b = affine_nest.load %v[%c, %i] : tensor<32x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %o = affine_nest.load %bias[%c, 0, 0] : tensor<32x1x1xi32>
    %r = arith.addi %s, %o : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x32x6x6xi8>
  %y = affine_nest.for (%n, %c, %h, %j) = (1, 16, 6, 6) reduce (%i) = (32) {
    %a = affine_nest.load %m[0, %i, %h, %j] : tensor<1x32x6x6xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x32xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x16x6x6xi8>
  return %y : tensor<1x16x6x6xi8>
}
// CHECK-LABEL: func.func @two_layers(
// CHECK-NEXT: %bias = graph.constant dense<5> : tensor<32x1x1xi32>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 1, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %lane, %i2, %i3] : tensor<1x16x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %v_1 = affine_nest.for (%cb, %cl, %il) = (2, 16, 16) {
// CHECK-NEXT: %v_2 = affine_nest.load %v[%cb * 16 + %cl, %il] : tensor<32x16xi8>
// CHECK-NEXT: affine_nest.yield %v_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %bias_1 = affine_nest.for (%cb_1, %cl_1) = (2, 16) {
// CHECK-NEXT: %bias_2 = affine_nest.load %bias[%cb_1 * 16 + %cl_1, 0, 0] : tensor<32x1x1xi32>
// CHECK-NEXT: affine_nest.yield %bias_2 : i32
// CHECK-NEXT: } : tensor<2x16xi32>
// CHECK-NEXT: %m = affine_nest.for (%n, %cb_2, %h, %j, %cl_2) = (1, 2, 6, 6, 16) reduce (%ib, %il_1) = (1, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, 0, %h, %j, %il_1] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %b = affine_nest.load %v_1[%cb_2, %cl_2, %il_1] : tensor<2x16x16xi8>
// CHECK-NEXT: %o = affine_nest.load %bias_1[%cb_2, %cl_2] : tensor<2x16xi32>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 32, 6, 6>}} : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%ib_1, %cl_3, %il_2) = (2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%cl_3, %ib_1 * 16 + %il_2] : tensor<16x32xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %cb_3, %h_1, %j_1, %cl_4) = (1, 1, 6, 6, 16) reduce (%ib_2, %il_3) = (2, 16) {
// CHECK-NEXT: %a_1 = affine_nest.load %m[0, %ib_2, %h_1, %j_1, %il_3] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %b_1 = affine_nest.load %w_1[%ib_2, %cl_4, %il_3] : tensor<2x16x16xi8>
// CHECK: %s_1 = affine_nest.reduce add %p_1 : i32
// CHECK: affine_nest.yield %t_1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 16, 6, 6>}} : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 16, 6, 6) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, 0, %i2_1, %i3_1, %i1_1] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x16x6x6xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x16x6x6xi8>

// Pools and elementwise nests have an output lane only; a tensor is packed once for all its readers.
func.func @pools(%x: tensor<1x20x6x6xi8>) -> (tensor<1x20x3x3xi8>, tensor<1x20x6x6xi8>) {
  %m = affine_nest.for (%n, %c, %h, %w) = (1, 20, 3, 3) reduce (%kh, %kw) = (2, 2) {
    %a = affine_nest.load %x[0, %c, %h * 2 + %kh, %w * 2 + %kw] : tensor<1x20x6x6xi8>
    %s = affine_nest.reduce max %a : i8
    affine_nest.yield %s : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<1x20x3x3xi8>
  %y = affine_nest.for (%n, %c, %h, %w) = (1, 20, 6, 6) {
    %a = affine_nest.load %x[0, %c, %h, %w] : tensor<1x20x6x6xi8>
    %z = arith.constant 0 : i8
    %s = arith.maxsi %a, %z : i8
    affine_nest.yield %s : i8
  } attributes {lanes = #affine_nest.lanes<output c>} : tensor<1x20x6x6xi8>
  return %m, %y : tensor<1x20x3x3xi8>, tensor<1x20x6x6xi8>
}
// CHECK-LABEL: func.func @pools(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %m = affine_nest.for (%n, %cb, %h, %w, %cl) = (1, 2, 3, 3, 16) reduce (%kh, %kw) = (2, 2) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %cb, %h * 2 + %kh, %w * 2 + %kw, %cl] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %s = affine_nest.reduce max %a : i8
// CHECK-NEXT: affine_nest.yield %s : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 3, 3>}} : tensor<1x2x3x3x16xi8>
// CHECK-NEXT: %m_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 20, 3, 3) {
// CHECK-NEXT: %m_2 = affine_nest.load %m[0, %i1_1 floordiv 16, %i2_1, %i3_1, %i1_1 mod 16] : tensor<1x2x3x3x16xi8>
// CHECK-NEXT: affine_nest.yield %m_2 : i8
// CHECK-NEXT: } : tensor<1x20x3x3xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %cb_1, %h_1, %w_1, %cl_1) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %a_1 = affine_nest.load %x_1[0, %cb_1, %h_1, %w_1, %cl_1] : tensor<1x2x6x6x16xi8>
// CHECK: affine_nest.yield %s_1 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 6, 6>}} : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_2, %i1_2, %i2_2, %i3_2) = (1, 20, 6, 6) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i1_2 floordiv 16, %i2_2, %i3_2, %i1_2 mod 16] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x20x6x6xi8>
// CHECK-NEXT: func.return %m_1, %y_1 : tensor<1x20x3x3xi8>, tensor<1x20x6x6xi8>

// A vector by itself keeps the iterator over blocks: by what else would it be scheduled?
func.func @one_block(%x: tensor<16xi8>) -> tensor<16xi8> {
  %y = affine_nest.for (%i) = (16) {
    %a = affine_nest.load %x[%i] : tensor<16xi8>
    affine_nest.yield %a : i8
  } attributes {lanes = #affine_nest.lanes<output i>} : tensor<16xi8>
  return %y : tensor<16xi8>
}
// CHECK-LABEL: func.func @one_block(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %lane) = (1, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%lane] : tensor<16xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%ib, %il) = (1, 16) {
// CHECK-NEXT: %a = affine_nest.load %x_1[0, %il] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 16>}} : tensor<1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1) = (16) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i0_1] : tensor<1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<16xi8>
// CHECK-NEXT: func.return %y_1 : tensor<16xi8>

// What has no lanes stays as it is.
func.func @host(%x: tensor<16xi8>) -> tensor<16xi8> {
  %y = affine_nest.for (%i) = (16) {
    %a = affine_nest.load %x[%i] : tensor<16xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "host"} : tensor<16xi8>
  return %y : tensor<16xi8>
}
// CHECK-LABEL: func.func @host(
// CHECK-NEXT: %y = affine_nest.for (%i) = (16) {
// CHECK-NEXT: %a = affine_nest.load %x[%i] : tensor<16xi8>
// CHECK-NEXT: affine_nest.yield %a : i8
// CHECK-NEXT: } attributes {placement = "host"} : tensor<16xi8>
// CHECK-NEXT: func.return %y : tensor<16xi8>
