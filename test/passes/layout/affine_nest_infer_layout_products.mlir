// RUN: nopt %s -p affine-nest-infer-layout | filecheck %s
// Lanes of sums of products: along outputs, and along what is summed over.

// A depthwise convolution sums over windows, of channels it keeps: those are the lanes of what computes
// them, not its columns.
func.func @depthwise(%x: tensor<1x24x8x8xi8>) -> tensor<1x24x8x8xi8> {
  %w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %v = graph.constant dense<2> : tensor<24x1x3x3xi8>
  %a = affine_nest.for (%n, %c, %h, %w_1) = (1, 24, 8, 8) reduce (%i, %kh, %kw) = (24, 1, 1) {
    %x_1 = affine_nest.load %x[0, %i, %h, %w_1] : tensor<1x24x8x8xi8>
    %w_2 = affine_nest.load %w[%c, %i, 0, 0] : tensor<24x24x1x1xi8>
    %0 = arith.extsi %x_1 : i8 to i32
    %1 = arith.extsi %w_2 : i8 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = affine_nest.reduce add %2 : i32
    %4 = arith.constant 16 : i32
    %5 = arith.addi %3, %4 : i32
    %6 = arith.constant 5 : i32
    %7 = arith.shrsi %5, %6 : i32
    %8 = arith.trunci %7 : i32 to i8
    affine_nest.yield %8 : i8
  } : tensor<1x24x8x8xi8>
  %y = affine_nest.for (%n_1, %c_1, %h_1, %w_3) = (1, 24, 8, 8) reduce (%i_1, %kh_1, %kw_1) = (1, 3, 3) {
    %a_1 = affine_nest.load %a[0, %c_1, %h_1 + %kh_1 - 1, %w_3 + %kw_1 - 1] pad 0 : tensor<1x24x8x8xi8>
    %v_1 = affine_nest.load %v[%c_1, 0, %kh_1, %kw_1] : tensor<24x1x3x3xi8>
    %9 = arith.extsi %a_1 : i8 to i32
    %10 = arith.extsi %v_1 : i8 to i32
    %11 = arith.muli %9, %10 : i32
    %12 = affine_nest.reduce add %11 : i32
    %13 = arith.constant 16 : i32
    %14 = arith.addi %12, %13 : i32
    %15 = arith.constant 5 : i32
    %16 = arith.shrsi %14, %15 : i32
    %17 = arith.trunci %16 : i32 to i8
    affine_nest.yield %17 : i8
  } : tensor<1x24x8x8xi8>
  func.return %y : tensor<1x24x8x8xi8>
}
// CHECK-LABEL: func.func @depthwise(
// CHECK: %a = affine_nest.for (%n, %c, %h, %w_1) = (1, 24, 8, 8) reduce (%i, %kh, %kw) = (24, 1, 1) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x24x8x8xi8>
// CHECK: %y = affine_nest.for (%n_1, %c_1, %h_1, %w_3) = (1, 24, 8, 8) reduce (%i_1, %kh_1, %kw_1) = (1, 3, 3) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x24x8x8xi8>

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
// CHECK: %v = affine_nest.for (%m, %c) = (20, 30) reduce (%i) = (24) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output m, input 0, weights first>} : tensor<20x30xi8>
// CHECK: %y = affine_nest.for (%m_1, %c_1) = (7, 30) reduce (%i_1) = (20) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<7x30xi8>

// Row by row products: the rows are the lanes of both sides. Not the columns: one input vector serves
// all output lanes.
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
// CHECK: %y = affine_nest.for (%i) = (5) reduce (%k) = (3) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output i, input 0, weights second>} : tensor<5xi8>

// One output channel is lanes, of which one is wanted.
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
// CHECK: %y = affine_nest.for (%n, %o, %h, %v) = (1, 1, 4, 4) reduce (%i, %kh, %kw) = (20, 3, 3) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output o, input 1, weights second>} : tensor<1x1x4x4xi8>

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
// CHECK: %y = affine_nest.for (%b, %m, %n) = (2, 20, 20) reduce (%i) = (32) {
// CHECK: } attributes {lanes = #affine_nest.lanes<output n, input 1, weights second>} : tensor<2x20x20xi8>

// The core sums, and stores bytes; the host goes on.
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
// CHECK: %y = affine_nest.for (%m, %n) = (5, 16) reduce (%k) = (32) {
// CHECK: } attributes {lanes = #affine_nest.lanes<sum, output n, input 1, weights second>} : tensor<5x16xi8>

// A single input channel is no iterator of any index, but has a dimension: the second of three here.
func.func @one_input(%x: tensor<1x1x20xi8>, %w: tensor<16x5xi8>) -> tensor<1x16x16xi8> {
  %y = affine_nest.for (%n, %c, %l) = (1, 16, 16) reduce (%k) = (5) {
    %a = affine_nest.load %x[0, 0, %l + %k] : tensor<1x1x20xi8>
    %b = affine_nest.load %w[%c, %k] : tensor<16x5xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } : tensor<1x16x16xi8>
  return %y : tensor<1x16x16xi8>
}
// CHECK-LABEL: func.func @one_input(
// CHECK: } attributes {lanes = #affine_nest.lanes<output c, input 1, weights second>} : tensor<1x16x16xi8>
