// RUN: nopt %s -p convert-graph-to-affine-nest,affine-nest-fuse,affine-nest-simplify,affine-nest-infer-layout,affine-nest-apply-layout | filecheck %s
// Nests and tensors in the core's blocks of 16.

// 20 input channels are two blocks, 10 output channels one; the weights are packed as they are read.
func.func @conv(%x: tensor<1x20x6x6xi8>, %w: tensor<10x20x3x3xi8>) -> tensor<1x10x6x6xi8> {
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x20x6x6xi8>, tensor<10x20x3x3xi8>) -> tensor<1x10x6x6xi32>
  %y = graph.requantize %c shift 0 : tensor<1x10x6x6xi32> -> tensor<1x10x6x6xi8>
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
// CHECK-NEXT: %y = affine_nest.for (%n, %cb, %h, %w_3, %cl_1) = (1, 1, 6, 6, 16) reduce (%ib_1, %kh_1, %kw_1, %il_1) = (2, 3, 3, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, %ib_1, %h + %kh_1 - 1, %w_3 + %kw_1 - 1, %il_1] pad 0 : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_4 = affine_nest.load %w_1[%ib_1, %kh_1, %kw_1, %cl_1, %il_1] : tensor<2x3x3x16x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %8 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 10, 6, 6>}} : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 10, 6, 6) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, 0, %i2_1, %i3_1, %i1_1] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x10x6x6xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x10x6x6xi8>

// The bias is read lane by lane. Between nests that agree nothing is laid out anew.
func.func @two_layers(%x: tensor<1x16x6x6xi8>, %v: tensor<32x16x1x1xi8>, %w: tensor<16x32x1x1xi8>) -> tensor<1x16x6x6xi8> {
  %b = graph.constant dense<1000> : tensor<32x1x1xi32>
  %c = graph.conv2d %x, %v : (tensor<1x16x6x6xi8>, tensor<32x16x1x1xi8>) -> tensor<1x32x6x6xi32>
  %s = graph.add %c, %b : (tensor<1x32x6x6xi32>, tensor<32x1x1xi32>) -> tensor<1x32x6x6xi32>
  %h = graph.requantize %s shift 0 : tensor<1x32x6x6xi32> -> tensor<1x32x6x6xi8>
  %d = graph.conv2d %h, %w : (tensor<1x32x6x6xi8>, tensor<16x32x1x1xi8>) -> tensor<1x16x6x6xi32>
  %y = graph.requantize %d shift 0 : tensor<1x16x6x6xi32> -> tensor<1x16x6x6xi8>
  return %y : tensor<1x16x6x6xi8>
}
// CHECK-LABEL: func.func @two_layers(
// CHECK-NEXT: %b = graph.constant dense<1000> : tensor<32x1x1xi32>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 1, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %lane, %i2, %i3] : tensor<1x16x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %h = affine_nest.for (%n, %cb, %h_1, %w_1, %cl) = (1, 2, 6, 6, 16) reduce (%ib, %kh, %kw, %il) = (1, 1, 1, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, 0, %h_1, %w_1, %il] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %v_1 = affine_nest.load %v[%cb * 16 + %cl, %il, 0, 0] : tensor<32x16x1x1xi8>
// CHECK-NEXT: %b_1 = affine_nest.load %b[%cb * 16 + %cl, 0, 0] : tensor<32x1x1xi32>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %9 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 32, 6, 6>}} : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_2 = affine_nest.for (%ib_1, %cl_1, %il_1) = (2, 16, 16) {
// CHECK-NEXT: %w_3 = affine_nest.load %w[%cl_1, %ib_1 * 16 + %il_1, 0, 0] : tensor<16x32x1x1xi8>
// CHECK-NEXT: affine_nest.yield %w_3 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %cb_1, %h_2, %w_4, %cl_2) = (1, 1, 6, 6, 16) reduce (%ib_2, %kh_1, %kw_1, %il_2) = (2, 1, 1, 16) {
// CHECK-NEXT: %h_3 = affine_nest.load %h[0, %ib_2, %h_2, %w_4, %il_2] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_5 = affine_nest.load %w_2[%ib_2, %cl_2, %il_2] : tensor<2x16x16xi8>
// CHECK: %13 = affine_nest.reduce add %12 : i32
// CHECK: affine_nest.yield %18 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 16, 6, 6>}} : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 16, 6, 6) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, 0, %i2_1, %i3_1, %i1_1] : tensor<1x1x6x6x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x16x6x6xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x16x6x6xi8>

// A depthwise convolution: one block of weights a channel block, each a diagonal.
func.func @depthwise(%x: tensor<1x20x6x6xi8>, %w: tensor<20x1x3x3xi8>) -> tensor<1x20x4x4xi8> {
  %c = graph.conv2d %x, %w groups 20 : (tensor<1x20x6x6xi8>, tensor<20x1x3x3xi8>) -> tensor<1x20x4x4xi32>
  %y = graph.requantize %c shift 0 : tensor<1x20x4x4xi32> -> tensor<1x20x4x4xi8>
  return %y : tensor<1x20x4x4xi8>
}
// CHECK-LABEL: func.func @depthwise(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1, %i4) = (20, 1, 3, 3, 1) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%i0_1, 0, %i2_1, %i3_1] : tensor<20x1x3x3xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<20x1x3x3x1xi8>
// CHECK-NEXT: %w_3 = affine_nest.for (%cb, %kh, %kw, %cl, %il) = (2, 3, 3, 16, 16) {
// CHECK-NEXT: %w_4 = affine_nest.load %w_1[%cb * 16 + %cl, 0, %kh, %kw, %il - %cl] pad 0 : tensor<20x1x3x3x1xi8>
// CHECK-NEXT: affine_nest.yield %w_4 : i8
// CHECK-NEXT: } : tensor<2x3x3x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %cb_1, %h, %w_5, %cl_1) = (1, 2, 4, 4, 16) reduce (%i, %kh_1, %kw_1, %il_1) = (1, 3, 3, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, %cb_1, %h + %kh_1, %w_5 + %kw_1, %il_1] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %w_6 = affine_nest.load %w_3[%cb_1, %kh_1, %kw_1, %cl_1, %il_1] : tensor<2x3x3x16x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %8 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 4, 4>}} : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_2, %i1_2, %i2_2, %i3_2) = (1, 20, 4, 4) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i1_2 floordiv 16, %i2_2, %i3_2, %i1_2 mod 16] : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x20x4x4xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x20x4x4xi8>

// Groups of 12 in blocks of 16: a block of outputs reads up to two blocks of inputs.
func.func @grouped(%x: tensor<1x24x4x4xi8>, %w: tensor<24x12x1x1xi8>) -> tensor<1x24x4x4xi8> {
  %c = graph.conv2d %x, %w groups 2 : (tensor<1x24x4x4xi8>, tensor<24x12x1x1xi8>) -> tensor<1x24x4x4xi32>
  %y = graph.requantize %c shift 0 : tensor<1x24x4x4xi32> -> tensor<1x24x4x4xi8>
  return %y : tensor<1x24x4x4xi8>
}
// CHECK-LABEL: func.func @grouped(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 4, 4, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x24x4x4xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%cb, %ib, %cl, %il) = (2, 2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%cb * 16 + %cl, %ib * 16 + %il - ((%cb * 16 + %cl) floordiv 12) * 12, 0, 0] pad 0 : tensor<24x12x1x1xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n, %cb_1, %h, %w_3, %cl_1) = (1, 2, 4, 4, 16) reduce (%ib_1, %kh, %kw, %il_1) = (2, 1, 1, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, %ib_1, %h, %w_3, %il_1] : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: %w_4 = affine_nest.load %w_1[%cb_1, %ib_1, %cl_1, %il_1] : tensor<2x2x16x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %8 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 24, 4, 4>}} : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 24, 4, 4) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i1_1 floordiv 16, %i2_1, %i3_1, %i1_1 mod 16] : tensor<1x2x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x24x4x4xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x24x4x4xi8>

// Weights are the constant operand, first or second.
func.func @weights_first(%x: tensor<32x5xi8>) -> tensor<20x5xi8> {
  %w = graph.constant dense<1> : tensor<20x32xi8>
  %c = graph.matmul %w, %x : (tensor<20x32xi8>, tensor<32x5xi8>) -> tensor<20x5xi32>
  %y = graph.requantize %c shift 0 : tensor<20x5xi32> -> tensor<20x5xi8>
  return %y : tensor<20x5xi8>
}
// CHECK-LABEL: func.func @weights_first(
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<20x32xi8>
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %lane) = (2, 5, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] : tensor<32x5xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<2x5x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%i0b, %kb, %i0l, %kl) = (2, 2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%i0b * 16 + %i0l, %kb * 16 + %kl] pad 0 : tensor<20x32xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0b_1, %i1_1, %i0l_1) = (2, 5, 16) reduce (%kb_1, %kl_1) = (2, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[%kb_1, %i1_1, %kl_1] : tensor<2x5x16xi8>
// CHECK-NEXT: %w_3 = affine_nest.load %w_1[%i0b_1, %kb_1, %i0l_1, %kl_1] : tensor<2x2x16x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %8 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 20, 5>}} : tensor<2x5x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_2) = (20, 5) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_1 floordiv 16, %i1_2, %i0_1 mod 16] : tensor<2x5x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<20x5xi8>
// CHECK-NEXT: func.return %y_1 : tensor<20x5xi8>

// Attention: the keys play weights, and are packed at run time.
func.func @scores(%q: tensor<2x8x16xi8>, %k: tensor<2x8x16xi8>) -> tensor<2x8x8xi8> {
  %c = graph.matmul %q, %k transpose_b : (tensor<2x8x16xi8>, tensor<2x8x16xi8>) -> tensor<2x8x8xi32>
  %y = graph.requantize %c shift 0 : tensor<2x8x8xi32> -> tensor<2x8x8xi8>
  return %y : tensor<2x8x8xi8>
}
// CHECK-LABEL: func.func @scores(
// CHECK-NEXT: %k_1 = affine_nest.for (%i0, %i2l, %kl) = (2, 16, 16) {
// CHECK-NEXT: %k_2 = affine_nest.load %k[%i0, %i2l, %kl] pad 0 : tensor<2x8x16xi8>
// CHECK-NEXT: affine_nest.yield %k_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0_1, %i1, %i2b, %i2l_1) = (2, 8, 1, 16) reduce (%kb, %kl_1) = (1, 16) {
// CHECK-NEXT: %q_1 = affine_nest.load %q[%i0_1, %i1, %kl_1] : tensor<2x8x16xi8>
// CHECK-NEXT: %k_3 = affine_nest.load %k_1[%i0_1, %i2l_1, %kl_1] : tensor<2x16x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %8 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 2, 8, 8>}} : tensor<2x8x1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_2, %i1_1, %i2) = (2, 8, 8) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[%i0_2, %i1_1, 0, %i2] : tensor<2x8x1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<2x8x8xi8>
// CHECK-NEXT: func.return %y_1 : tensor<2x8x8xi8>

// What ends in whole blocks is in blocks as it is: such inputs, residuals and results are no copies.
func.func @residual(%x: tensor<5x16xi8>, %w: tensor<16x16xi8>, %r: tensor<5x16xi8>) -> tensor<5x16xi8> {
  %c = graph.matmul %x, %w : (tensor<5x16xi8>, tensor<16x16xi8>) -> tensor<5x16xi32>
  %s = graph.add %c, %r : (tensor<5x16xi32>, tensor<5x16xi8>) -> tensor<5x16xi32>
  %y = graph.requantize %s shift 0 : tensor<5x16xi32> -> tensor<5x16xi8>
  return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @residual(
// CHECK-NEXT: %w_1 = affine_nest.for (%i1l, %kl) = (16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%kl, %i1l] : tensor<16x16xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (5, 16) reduce (%kb, %kl_1) = (1, 16) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %kl_1] : tensor<5x16xi8>
// CHECK-NEXT: %w_3 = affine_nest.load %w_1[%i1, %kl_1] : tensor<16x16xi8>
// CHECK-NEXT: %r_1 = affine_nest.load %r[%i0, %i1] : tensor<5x16xi8>
// CHECK: %3 = affine_nest.reduce add %2 : i32
// CHECK: affine_nest.yield %10 : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<5x16xi8>
// CHECK-NEXT: func.return %y : tensor<5x16xi8>

// Pools and elementwise nests have an output lane only.
func.func @pools(%x: tensor<1x20x6x6xi8>) -> tensor<1x20x1x1xi8> {
  %m = graph.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 1, 1] : tensor<1x20x6x6xi8> -> tensor<1x20x3x3xi8>
  %y = graph.avg_pool %m kernel [2, 2] strides [2, 2] : tensor<1x20x3x3xi8> -> tensor<1x20x1x1xi8>
  return %y : tensor<1x20x1x1xi8>
}
// CHECK-LABEL: func.func @pools(
// CHECK-NEXT: %x_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 2, 6, 6, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[0, %i1 * 16 + %lane, %i2, %i3] pad 0 : tensor<1x20x6x6xi8>
// CHECK-NEXT: affine_nest.yield %x_2 : i8
// CHECK-NEXT: } : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %m = affine_nest.for (%n, %cb, %h, %w, %cl) = (1, 2, 3, 3, 16) reduce (%kh, %kw) = (2, 2) {
// CHECK-NEXT: %x_3 = affine_nest.load %x_1[0, %cb, %h * 2 + %kh, %w * 2 + %kw, %cl] : tensor<1x2x6x6x16xi8>
// CHECK-NEXT: %0 = affine_nest.reduce max %x_3 : i8
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 3, 3>}} : tensor<1x2x3x3x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%n_1, %cb_1, %h_1, %w_1, %cl_1) = (1, 2, 1, 1, 16) reduce (%kh_1, %kw_1) = (2, 2) {
// CHECK-NEXT: %m_1 = affine_nest.load %m[0, %cb_1, %kh_1, %kw_1, %cl_1] : tensor<1x2x3x3x16xi8>
// CHECK: %2 = affine_nest.reduce add %1 : i32
// CHECK: affine_nest.yield %7 : i8
// CHECK-NEXT: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 20, 1, 1>}} : tensor<1x2x1x1x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 20, 1, 1) {
// CHECK-NEXT: %y_2 = affine_nest.load %y[0, %i1_1 floordiv 16, 0, 0, %i1_1 mod 16] : tensor<1x2x1x1x16xi8>
// CHECK-NEXT: affine_nest.yield %y_2 : i8
// CHECK-NEXT: } : tensor<1x20x1x1xi8>
// CHECK-NEXT: func.return %y_1 : tensor<1x20x1x1xi8>

// A number that is no 16-bit immediate becomes a vector.
func.func @wide_number(%x: tensor<5x16xi32>) -> tensor<5x16xi8> {
  %y = affine_nest.for (%i, %j) = (5, 16) {
    %a = affine_nest.load %x[%i, %j] : tensor<5x16xi32>
    %n = arith.constant 100000 : i32
    %s = arith.addi %a, %n : i32
    %nine = arith.constant 9 : i32
    %h = arith.shrsi %s, %nine : i32
    %v = arith.trunci %h : i32 to i8
    affine_nest.yield %v : i8
  } : tensor<5x16xi8>
  return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @wide_number(
// CHECK-NEXT: %immediate = graph.constant dense<100000> : tensor<16xi32>
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1) = (5, 16) {
// CHECK-NEXT: %a = affine_nest.load %x[%i0, %i1] : tensor<5x16xi32>
// CHECK-NEXT: %immediate_1 = affine_nest.load %immediate[%i1] : tensor<16xi32>
// CHECK: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<5x16xi8>
// CHECK-NEXT: func.return %y : tensor<5x16xi8>

// Row by row products: the rows are the lanes of both sides, the weights diagonals. Not the columns:
// one input vector serves all output lanes.
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
  } : tensor<5xi8>
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

// Heads are whole blocks of the channels; the second factor plays weights.
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
  } : tensor<2x20x20xi8>
  return %y : tensor<2x20x20xi8>
}
// CHECK-LABEL: func.func @heads(
// CHECK: %k_1 = affine_nest.for (%b, %nb, %ib, %nl, %il) = (2, 2, 2, 16, 16) {
// CHECK-NEXT: affine_nest.load %k[%nb * 16 + %nl, %b * 32 + %ib * 16 + %il] pad 0 : tensor<20x64xi8>
// CHECK: affine_nest.load %q[%m, %b_1 * 32 + %ib_1 * 16 + %il_1] : tensor<20x64xi8>
// CHECK-NEXT: affine_nest.load %k_1[%b_1, %nb_1, %ib_1, %nl_1, %il_1] : tensor<2x2x2x16x16xi8>

// A result that is summed over its first dimension has that one in lanes: what is constant is the
// input, and the other factor the weights.
func.func @summed_over_rows(%x: tensor<20x24xi8>, %p: tensor<7x20xi8>) -> tensor<7x30xi8> {
  %w = graph.constant dense<1> : tensor<24x30xi8>
  %v = affine_nest.for (%m, %c) = (20, 30) reduce (%i) = (24) {
    %a = affine_nest.load %x[%m, %i] : tensor<20x24xi8>
    %b = affine_nest.load %w[%i, %c] : tensor<24x30xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %q = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %q : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<20x30xi8>
  %y = affine_nest.for (%m, %c) = (7, 30) reduce (%i) = (20) {
    %a = affine_nest.load %p[%m, %i] : tensor<7x20xi8>
    %b = affine_nest.load %v[%i, %c] : tensor<20x30xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %q = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %q : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<7x30xi8>
  return %y : tensor<7x30xi8>
}
// CHECK-LABEL: func.func @summed_over_rows(
// CHECK: %v = affine_nest.for (%mb{{.*}}, %c{{.*}}, %ml{{.*}}) = (2, 30, 16) reduce (%ib{{.*}}, %il{{.*}}) = (2, 16) {
// CHECK: } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 20, 30>}} : tensor<2x30x16xi8>

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
  } : tensor<1x1x4x4xi8>
  return %y : tensor<1x1x4x4xi8>
}
// CHECK-LABEL: func.func @one_channel(
// CHECK: } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 1, 1, 4, 4>}} : tensor<1x1x4x4x16xi8>

// A sum that is wanted whole: the core stores its bytes, one plane after the other; the host puts
// them together and goes on with what the core cannot do. 24 bits hold this one.
func.func @wide_sum(%x: tensor<5x32xi8>, %w: tensor<32x16xi8>) -> tensor<5x16xi8> {
  %y = affine_nest.for (%m, %n) = (5, 16) reduce (%k) = (32) {
    %a = affine_nest.load %x[%m, %k] : tensor<5x32xi8>
    %b = affine_nest.load %w[%k, %n] : tensor<32x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %e = arith.extsi %s : i32 to i64
    %c = arith.constant 123456789 : i64
    %q = arith.muli %e, %c : i64
    %thirty = arith.constant 30 : i64
    %t = arith.shrsi %q, %thirty : i64
    %u = arith.trunci %t : i64 to i8
    affine_nest.yield %u : i8
  } : tensor<5x16xi8>
  return %y : tensor<5x16xi8>
}
// CHECK-LABEL: func.func @wide_sum(
// CHECK-NEXT: %planes = graph.constant dense<[0, 8, 16]> : tensor<3xi32>
// CHECK: %y = affine_nest.for (%i0, %i1, %i2) = (3, 5, 16) reduce ({{.*}}) = (2, 16) {
// CHECK: %[[sum:.*]] = affine_nest.reduce add
// CHECK-NEXT: %planes_1 = affine_nest.load %planes[%i0] : tensor<3xi32>
// CHECK-NEXT: %[[shifted:.*]] = arith.shrsi %[[sum]], %planes_1 : i32
// CHECK-NEXT: %[[byte:.*]] = arith.trunci %[[shifted]] : i32 to i8
// CHECK-NEXT: affine_nest.yield %[[byte]] : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<3x5x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%m, %n) = (5, 16) {
// CHECK-NEXT: affine_nest.load %y[0, %m, %n] : tensor<3x5x16xi8>
// CHECK: affine_nest.load %y[2, %m, %n] : tensor<3x5x16xi8>
// CHECK: arith.muli {{.*}} : i64
// CHECK: } attributes {placement = "host", host_reason = "it goes on with 32-bit sums; the core stores i8"} : tensor<5x16xi8>

// A vector by itself keeps the iterator over blocks: by what else would it be scheduled?
func.func @one_block(%x: tensor<16xi8>) -> tensor<16xi8> {
  %y = graph.relu %x : tensor<16xi8>
  return %y : tensor<16xi8>
}
// CHECK-LABEL: func.func @one_block(
// CHECK: %y = affine_nest.for (%i0b, %i0l) = (1, 16) into [%i0l] {
// CHECK: } attributes {placement = "core"} : tensor<16xi8>
