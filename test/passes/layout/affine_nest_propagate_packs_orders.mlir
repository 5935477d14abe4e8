// RUN: nopt %s -p affine-nest-propagate-packs | filecheck %s
// Tensors in an order of their own: stored and read so by the core, given so by callers.

// Scores of limited rows with themselves: one factor is read in vectors, the other plays weights. One
// order serves both; the first nest stores it, and rows of the result are cut in blocks.
func.func @itself(%x: tensor<32x64xi8>) -> tensor<32x32xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (32, 4, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<32x64xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<32x4x16xi8>
  %a = affine_nest.for (%i, %jb, %jl) = (32, 4, 16) {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<32x4x16xi8>
    %zero = arith.constant 0 : i8
    %m = arith.maxsi %v, %zero : i8
    affine_nest.yield %m : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 64>}} : tensor<32x4x16xi8>
  %a_1 = affine_nest.for (%i0_1, %i1_1) = (32, 64) {
    %a_2 = affine_nest.load %a[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<32x4x16xi8>
    affine_nest.yield %a_2 : i8
  } : tensor<32x64xi8>
  %a_3 = affine_nest.for (%i0_2, %i1_2, %i2, %lane_1) = (2, 4, 16, 16) {
    %a_4 = affine_nest.load %a_1[%i0_2 * 16 + %i2, %i1_2 * 16 + %lane_1] : tensor<32x64xi8>
    affine_nest.yield %a_4 : i8
  } : tensor<2x4x16x16xi8>
  %a_5 = affine_nest.for (%i0_3, %i1_3) = (32, 64) {
    %0 = affine_nest.load %a_3[%i0_3 floordiv 16, %i1_3 floordiv 16, %i0_3 mod 16, %i1_3 mod 16] : tensor<2x4x16x16xi8>
    affine_nest.yield %0 : i8
  } : tensor<32x64xi8>
  %a_6 = affine_nest.for (%i0_4, %i1_4, %lane_2) = (32, 4, 16) {
    %a_7 = affine_nest.load %a_5[%i0_4, %i1_4 * 16 + %lane_2] : tensor<32x64xi8>
    affine_nest.yield %a_7 : i8
  } : tensor<32x4x16xi8>
  %a_8 = affine_nest.for (%ob, %kb, %ol, %kl) = (2, 4, 16, 16) {
    %a_9 = affine_nest.load %a_5[%ob * 16 + %ol, %kb * 16 + %kl] : tensor<32x64xi8>
    affine_nest.yield %a_9 : i8
  } : tensor<2x4x16x16xi8>
  %y = affine_nest.for (%i_1, %ob_1, %ol_1) = (32, 2, 16) reduce (%kb_1, %kl_1) = (4, 16) {
    %v_1 = affine_nest.load %a_6[%i_1, %kb_1, %kl_1] : tensor<32x4x16xi8>
    %u = affine_nest.load %a_8[%ob_1, %kb_1, %ol_1, %kl_1] : tensor<2x4x16x16xi8>
    %ve = arith.extsi %v_1 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %p = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %p : i32
    %t = arith.trunci %s : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 32>}} : tensor<32x2x16xi8>
  %y_1 = affine_nest.for (%i0_5, %i1_5) = (32, 32) {
    %y_2 = affine_nest.load %y[%i0_5, %i1_5 floordiv 16, %i1_5 mod 16] : tensor<32x2x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<32x32xi8>
  func.return %y_1 : tensor<32x32xi8>
}
// CHECK-LABEL: func.func @itself(
// CHECK-NEXT: %a = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 4, 16, 16) {
// CHECK-NEXT: %v = affine_nest.load %x[%i0 * 16 + %i2, %i1 * 16 + %lane] : tensor<32x64xi8>
// CHECK: affine_nest.yield %m : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x4x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%ib, %il, %ob, %ol) = (2, 16, 2, 16) reduce (%kb, %kl) = (4, 16) into [%ib * 16 + %il, %ob * 16 + %ol] {
// CHECK-NEXT: %u = affine_nest.load %a[%ob, %kb, %ol, %kl] : tensor<2x4x16x16xi8>
// CHECK-NEXT: %v_1 = affine_nest.load %a[%ib, %kb, %il, %kl] : tensor<2x4x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %t : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32x32xi8>
// CHECK-NEXT: func.return %y : tensor<32x32xi8>

// An argument in blocks of rows, because a person says so: nothing is copied, the caller gives it so.
func.func @pinned(%x: tensor<4x32x64xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d1, d0, (d2 floordiv 16), (d2 mod 16))>}) -> tensor<4x32x64xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (32, 4, 4, 16) {
    %x_2 = affine_nest.load %x[%i1, %i0, %i2 * 16 + %lane] : tensor<4x32x64xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<32x4x4x16xi8>
  %x_3 = affine_nest.for (%i0_1, %i1_1, %i2_1) = (4, 32, 64) {
    %0 = affine_nest.load %x_1[%i1_1, %i0_1, %i2_1 floordiv 16, %i2_1 mod 16] : tensor<32x4x4x16xi8>
    affine_nest.yield %0 : i8
  } : tensor<4x32x64xi8>
  %x_4 = affine_nest.for (%i0_2, %i1_2, %i2_2, %lane_1) = (4, 32, 4, 16) {
    %x_5 = affine_nest.load %x_3[%i0_2, %i1_2, %i2_2 * 16 + %lane_1] : tensor<4x32x64xi8>
    affine_nest.yield %x_5 : i8
  } : tensor<4x32x4x16xi8>
  %y = affine_nest.for (%n, %i, %jb, %jl) = (4, 32, 4, 16) {
    %v = affine_nest.load %x_4[%n, %i, %jb, %jl] : tensor<4x32x4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 4, 32, 64>}} : tensor<4x32x4x16xi8>
  %y_1 = affine_nest.for (%i0_3, %i1_3, %i2_3) = (4, 32, 64) {
    %y_2 = affine_nest.load %y[%i0_3, %i1_3, %i2_3 floordiv 16, %i2_3 mod 16] : tensor<4x32x4x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<4x32x64xi8>
  func.return %y_1 : tensor<4x32x64xi8>
}
// CHECK-LABEL: func.func @pinned(%x: tensor<32x4x4x16xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d1, d0, (d2 floordiv 16), (d2 mod 16))>, affine_nest.packs = tensor<4x32x64xi8>}) -> tensor<4x32x64xi8> {
// CHECK-NEXT: %y = affine_nest.for (%n, %i, %jb, %jl) = (4, 32, 4, 16) into [%n, %i, %jb * 16 + %jl] {
// CHECK-NEXT: %v = affine_nest.load %x[%i, %n, %jb, %jl] : tensor<32x4x4x16xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<4x32x64xi8>
// CHECK-NEXT: func.return %y : tensor<4x32x64xi8>

// The order of a result: who returns it reads it back row by row, which is a copy.
func.func @pinned_result(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (32, 4, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<32x64xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<32x4x16xi8>
  %y = affine_nest.for (%i, %jb, %jl) = (32, 4, 16) {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<32x4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 64>}} : tensor<32x4x16xi8>
  %y_1 = affine_nest.for (%i0_1, %i1_1) = (32, 64) {
    %y_2 = affine_nest.load %y[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<32x4x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<32x64xi8>
  %y_3 = affine_nest.for (%i0_2, %i1_2, %i2, %lane_1) = (2, 4, 16, 16) {
    %y_4 = affine_nest.load %y_1[%i0_2 * 16 + %i2, %i1_2 * 16 + %lane_1] : tensor<32x64xi8>
    affine_nest.yield %y_4 : i8
  } : tensor<2x4x16x16xi8>
  %y_5 = affine_nest.for (%i0_3, %i1_3) = (32, 64) {
    %0 = affine_nest.load %y_3[%i0_3 floordiv 16, %i1_3 floordiv 16, %i0_3 mod 16, %i1_3 mod 16] : tensor<2x4x16x16xi8>
    affine_nest.yield %0 : i8
  } : tensor<32x64xi8>
  func.return %y_5 : tensor<32x64xi8>
}
// CHECK-LABEL: func.func @pinned_result(
// CHECK-NEXT: %y = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 4, 16, 16) {
// CHECK-NEXT: %v = affine_nest.load %x[%i0 * 16 + %i2, %i1 * 16 + %lane] : tensor<32x64xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<2x4x16x16xi8>
// CHECK-NEXT: %y_1 = affine_nest.for (%i0_1, %i1_1) = (32, 64) {
// CHECK-NEXT: %0 = affine_nest.load %y[%i0_1 floordiv 16, %i1_1 floordiv 16, %i0_1 mod 16, %i1_1 mod 16] : tensor<2x4x16x16xi8>
// CHECK-NEXT: affine_nest.yield %0 : i8
// CHECK-NEXT: } : tensor<32x64xi8>
// CHECK-NEXT: func.return %y_1 : tensor<32x64xi8>

// Functions that others call take what those give.
func.func @called(%x: tensor<32x64xi8> {affine_nest.order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>}) -> tensor<32x64xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 4, 16, 16) {
    %x_2 = affine_nest.load %x[%i0 * 16 + %i2, %i1 * 16 + %lane] : tensor<32x64xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<2x4x16x16xi8>
  %x_3 = affine_nest.for (%i0_1, %i1_1) = (32, 64) {
    %0 = affine_nest.load %x_1[%i0_1 floordiv 16, %i1_1 floordiv 16, %i0_1 mod 16, %i1_1 mod 16] : tensor<2x4x16x16xi8>
    affine_nest.yield %0 : i8
  } : tensor<32x64xi8>
  %x_4 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (32, 4, 16) {
    %x_5 = affine_nest.load %x_3[%i0_2, %i1_2 * 16 + %lane_1] : tensor<32x64xi8>
    affine_nest.yield %x_5 : i8
  } : tensor<32x4x16xi8>
  %y = affine_nest.for (%i, %jb, %jl) = (32, 4, 16) {
    %v = affine_nest.load %x_4[%i, %jb, %jl] : tensor<32x4x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 64>}} : tensor<32x4x16xi8>
  %y_1 = affine_nest.for (%i0_3, %i1_3) = (32, 64) {
    %y_2 = affine_nest.load %y[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<32x4x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<32x64xi8>
  func.return %y_1 : tensor<32x64xi8>
}
func.func @caller(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
  %y = func.call @called(%x) : (tensor<32x64xi8>) -> tensor<32x64xi8>
  func.return %y : tensor<32x64xi8>
}
// CHECK-LABEL: func.func @called(
// CHECK-NEXT: %y = affine_nest.for (%i, %jb, %jl) = (32, 4, 16) into [%i, %jb * 16 + %jl] {
// CHECK-NEXT: %v = affine_nest.load %x[%i, %jb * 16 + %jl] : tensor<32x64xi8>
// CHECK-NEXT: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32x64xi8>
// CHECK-NEXT: func.return %y : tensor<32x64xi8>
// CHECK: func.func @caller(%x: tensor<32x64xi8>) -> tensor<32x64xi8> {
// CHECK-NEXT: %y = func.call @called(%x) : (tensor<32x64xi8>) -> tensor<32x64xi8>
// CHECK-NEXT: func.return %y : tensor<32x64xi8>

// Iterators of a single value stay where others are cut to read in an order.
func.func @units(%x: tensor<32x32xi8> {affine_nest.order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>}) -> tensor<32x16xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (2, 2, 16, 16) {
    %x_2 = affine_nest.load %x[%i0 * 16 + %i2, %i1 * 16 + %lane] : tensor<32x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<2x2x16x16xi8>
  %x_3 = affine_nest.for (%i0_1, %i1_1) = (32, 32) {
    %0 = affine_nest.load %x_1[%i0_1 floordiv 16, %i1_1 floordiv 16, %i0_1 mod 16, %i1_1 mod 16] : tensor<2x2x16x16xi8>
    affine_nest.yield %0 : i8
  } : tensor<32x32xi8>
  %w = graph.constant dense<1> : tensor<32x16xi8>
  %x_4 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (32, 2, 16) {
    %x_5 = affine_nest.load %x_3[%i0_2, %i1_2 * 16 + %lane_1] : tensor<32x32xi8>
    affine_nest.yield %x_5 : i8
  } : tensor<32x2x16xi8>
  %w_1 = affine_nest.for (%kb, %ol, %kl) = (2, 16, 16) {
    %w_2 = affine_nest.load %w[%kb * 16 + %kl, %ol] : tensor<32x16xi8>
    affine_nest.yield %w_2 : i8
  } : tensor<2x16x16xi8>
  %y = affine_nest.for (%h, %ob, %ol_1) = (32, 1, 16) reduce (%u, %kb_1, %kl_1) = (1, 2, 16) {
    %a = affine_nest.load %x_4[%h, %kb_1, %kl_1] : tensor<32x2x16xi8>
    %b = affine_nest.load %w_1[%kb_1, %ol_1, %kl_1] : tensor<2x16x16xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %p = arith.muli %c, %d : i32
    %s = affine_nest.reduce add %p : i32
    %lo = arith.constant -128 : i32
    %hi = arith.constant 127 : i32
    %t = arith.maxsi %s, %lo : i32
    %r = arith.minsi %t, %hi : i32
    %v = arith.trunci %r : i32 to i8
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 16>}} : tensor<32x1x16xi8>
  %y_1 = affine_nest.for (%i0_3, %i1_3) = (32, 16) {
    %y_2 = affine_nest.load %y[%i0_3, 0, %i1_3] : tensor<32x1x16xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<32x16xi8>
  func.return %y_1 : tensor<32x16xi8>
}
// CHECK-LABEL: func.func @units(%x: tensor<2x2x16x16xi8> {affine_nest.order = affine_map<(d0, d1) -> ((d0 floordiv 16), (d1 floordiv 16), (d0 mod 16), (d1 mod 16))>, affine_nest.packs = tensor<32x32xi8>}) -> tensor<32x16xi8> {
// CHECK-NEXT: %w = graph.constant dense<1> : tensor<32x16xi8>
// CHECK-NEXT: %w_1 = affine_nest.for (%kb, %ol, %kl) = (2, 16, 16) {
// CHECK-NEXT: %w_2 = affine_nest.load %w[%kb * 16 + %kl, %ol] : tensor<32x16xi8>
// CHECK-NEXT: affine_nest.yield %w_2 : i8
// CHECK-NEXT: } : tensor<2x16x16xi8>
// CHECK-NEXT: %y = affine_nest.for (%i0b, %i0l, %i1) = (2, 16, 16) reduce (%u, %kb_1, %kl_1) = (1, 2, 16) into [%i0b * 16 + %i0l, %i1] {
// CHECK-NEXT: %a = affine_nest.load %x[%i0b, %kb_1, %i0l, %kl_1] : tensor<2x2x16x16xi8>
// CHECK-NEXT: %b = affine_nest.load %w_1[%kb_1, %i1, %kl_1] : tensor<2x16x16xi8>
// CHECK: %s = affine_nest.reduce add %p : i32
// CHECK: affine_nest.yield %v : i8
// CHECK-NEXT: } attributes {placement = "core"} : tensor<32x16xi8>
// CHECK-NEXT: func.return %y : tensor<32x16xi8>
