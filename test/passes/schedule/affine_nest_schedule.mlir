// RUN: nopt %s -p affine-nest-schedule | filecheck %s
// What the cost model chooses for a nest on the core, as an attribute that a person can read and pin.

// Whole kernels; the image in tiles, since its 3136 vectors do not fit: 11 times 5 rows and one row,
// whose store alone nothing overlaps. What is loaded again has two slots, so that loads run ahead; the
// result has two, so that stores overlap; the weights stay.
func.func @image(%x: tensor<56x56x16xi8>, %w: tensor<3x3x16x16xi8>) -> tensor<56x56x16xi8> {
  %y = affine_nest.for (%h, %v, %c) = (56, 56, 16) reduce (%kh, %kw, %i) = (3, 3, 16) {
    %a = affine_nest.load %x[%h + %kh - 1, %v + %kw - 1, %i] pad 0 : tensor<56x56x16xi8>
    %b = affine_nest.load %w[%kh, %kw, %c, %i] : tensor<3x3x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core"} : tensor<56x56x16xi8>
  return %y : tensor<56x56x16xi8>
}
// CHECK-LABEL: func.func @image(
// CHECK: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [5, 28, 3, 3] order [0, 1] inp 2 wgt 1 acc 2>} : tensor<56x56x16xi8>

// A reduction too long for the weights' buffer is split in chunks.
func.func @long_reduction(%x: tensor<1x2048x16xi8>, %w: tensor<2048x16x16xi8>) -> tensor<1x16xi8> {
  %y = affine_nest.for (%m, %c) = (1, 16) reduce (%k, %i) = (2048, 16) {
    %a = affine_nest.load %x[%m, %k, %i] : tensor<1x2048x16xi8>
    %b = affine_nest.load %w[%k, %c, %i] : tensor<2048x16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core"} : tensor<1x16xi8>
  return %y : tensor<1x16xi8>
}
// CHECK-LABEL: func.func @long_reduction(
// CHECK: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [1, 64] order [0] inp 2 wgt 2 acc 1>} : tensor<1x16xi8>

// One tile: nothing to overlap with, so one slot each.
func.func @small(%x: tensor<2x16xi8>, %w: tensor<16x16xi8>) -> tensor<2x16xi8> {
  %y = affine_nest.for (%m, %c) = (2, 16) reduce (%i) = (16) {
    %a = affine_nest.load %x[%m, %i] : tensor<2x16xi8>
    %b = affine_nest.load %w[%c, %i] : tensor<16x16xi8>
    %ae = arith.extsi %a : i8 to i32
    %be = arith.extsi %b : i8 to i32
    %p = arith.muli %ae, %be : i32
    %s = affine_nest.reduce add %p : i32
    %u = arith.trunci %s : i32 to i8
    affine_nest.yield %u : i8
  } attributes {placement = "core"} : tensor<2x16xi8>
  return %y : tensor<2x16xi8>
}
// CHECK-LABEL: func.func @small(
// CHECK: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2] order [0] inp 1 wgt 1 acc 1>} : tensor<2x16xi8>

// A schedule that is there stays, however slow.
func.func @pinned(%x: tensor<8x16xi8>) -> tensor<8x16xi8> {
  %y = affine_nest.for (%m, %c) = (8, 16) {
    %a = affine_nest.load %x[%m, %c] : tensor<8x16xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [3] order [0] inp 1 wgt 1 acc 1>} : tensor<8x16xi8>
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @pinned(
// CHECK: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [3] order [0] inp 1 wgt 1 acc 1>} : tensor<8x16xi8>

// A nest on the host gets none.
func.func @host(%x: tensor<8x16xi8>) -> tensor<8x16xi8> {
  %y = affine_nest.for (%m, %c) = (8, 16) {
    %a = affine_nest.load %x[%m, %c] : tensor<8x16xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "host"} : tensor<8x16xi8>
  return %y : tensor<8x16xi8>
}
// CHECK-LABEL: func.func @host(
// CHECK: } attributes {placement = "host"} : tensor<8x16xi8>

// Padded in its outermost dimension, which a load cannot but where whole rows follow: most tiles, and the
// cheapest of them, cannot be loaded; this one can.
func.func @outer_pad(%x: tensor<4x64x64x16xi8>) -> tensor<4x62x62x16xi8> {
  %y = affine_nest.for (%i, %j, %k, %l) = (4, 62, 62, 16) reduce (%p, %q, %r) = (3, 3, 3) {
    %v = affine_nest.load %x[%i + %p - 1, %j + %q, %k + %r, %l] pad 0 : tensor<4x64x64x16xi8>
    %m = affine_nest.reduce max %v : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core"} : tensor<4x62x62x16xi8>
  return %y : tensor<4x62x62x16xi8>
}
// CHECK-LABEL: func.func @outer_pad(
// CHECK: } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<tile [2, 2, 62, 3, 3, 3] order [0, 1, 2] inp 2 wgt 1 acc 2>} : tensor<4x62x62x16xi8>
