// RUN: nopt %s -p affine-nest-propagate-packs --remarks 2>&1 >%t | filecheck %s
// Which copies the host makes, for whom, and what keeps the core from storing what is wanted.

// Its vectors lie along rows, but those of weights along columns.
func.func @turned(%x: tensor<48x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x48xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (3, 32, 16) {
    %x_2 = affine_nest.load %x[%i0 * 16 + %lane, %i1] : tensor<48x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<3x32x16xi8>
  %a = affine_nest.for (%ib, %j, %il) = (3, 32, 16) {
    %v = affine_nest.load %x_1[%ib, %j, %il] : tensor<3x32x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 0 : i64, shape = array<i64: 48, 32>}} : tensor<3x32x16xi8>
  %a_1 = affine_nest.for (%i0_1, %i1_1) = (48, 32) {
    %a_2 = affine_nest.load %a[%i0_1 floordiv 16, %i1_1, %i0_1 mod 16] : tensor<3x32x16xi8>
    affine_nest.yield %a_2 : i8
  } : tensor<48x32xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (48, 2, 16) {
    %y_2 = affine_nest.load %y[%i0_2, %i1_2 * 16 + %lane_1] : tensor<48x32xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<48x2x16xi8>
  %a_3 = affine_nest.for (%ob, %jb, %ol, %jl) = (3, 2, 16, 16) {
    %a_4 = affine_nest.load %a_1[%ob * 16 + %ol, %jb * 16 + %jl] : tensor<48x32xi8>
    affine_nest.yield %a_4 : i8
  } : tensor<3x2x16x16xi8>
  %b = affine_nest.for (%i, %ob_1, %ol_1) = (48, 3, 16) reduce (%jb_1, %jl_1) = (2, 16) {
    %v_1 = affine_nest.load %y_1[%i, %jb_1, %jl_1] : tensor<48x2x16xi8>
    %u = affine_nest.load %a_3[%ob_1, %jb_1, %ol_1, %jl_1] : tensor<3x2x16x16xi8>
    %ve = arith.extsi %v_1 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 48>}} : tensor<48x3x16xi8>
  %b_1 = affine_nest.for (%i0_3, %i1_3) = (48, 48) {
    %b_2 = affine_nest.load %b[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<48x3x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<48x48xi8>
  func.return %b_1 : tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (d0, ((d1 * 16) + d3), d2) moves lanes; the core stores whole vectors (1,536 bytes)

// Not all of its rows are wanted.
func.func @window(%x: tensor<64x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x48xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (64, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<64x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<64x2x16xi8>
  %a = affine_nest.for (%i, %jb, %jl) = (64, 2, 16) {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<64x2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 64, 32>}} : tensor<64x2x16xi8>
  %a_1 = affine_nest.for (%i0_1, %i1_1) = (64, 32) {
    %a_2 = affine_nest.load %a[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<64x2x16xi8>
    affine_nest.yield %a_2 : i8
  } : tensor<64x32xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (48, 2, 16) {
    %y_2 = affine_nest.load %y[%i0_2, %i1_2 * 16 + %lane_1] : tensor<48x32xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<48x2x16xi8>
  %a_3 = affine_nest.for (%ob, %jb_1, %ol, %jl_1) = (3, 2, 16, 16) {
    %a_4 = affine_nest.load %a_1[%ob * 16 + %ol, %jb_1 * 16 + %jl_1] : tensor<64x32xi8>
    affine_nest.yield %a_4 : i8
  } : tensor<3x2x16x16xi8>
  %b = affine_nest.for (%i_1, %ob_1, %ol_1) = (48, 3, 16) reduce (%jb_2, %jl_2) = (2, 16) {
    %v_1 = affine_nest.load %y_1[%i_1, %jb_2, %jl_2] : tensor<48x2x16xi8>
    %u = affine_nest.load %a_3[%ob_1, %jb_2, %ol_1, %jl_2] : tensor<3x2x16x16xi8>
    %ve = arith.extsi %v_1 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 48>}} : tensor<48x3x16xi8>
  %b_1 = affine_nest.for (%i0_3, %i1_3) = (48, 48) {
    %b_2 = affine_nest.load %b[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<48x3x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<48x48xi8>
  func.return %b_1 : tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (((d0 * 16) + d2), ((d1 * 16) + d3)) is not invertible (1,536 bytes)

// It is returned, too.
func.func @read_twice(%x: tensor<48x32xi8>, %y: tensor<48x32xi8>) -> (tensor<48x32xi8>, tensor<48x48xi8>) {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (48, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<48x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<48x2x16xi8>
  %a = affine_nest.for (%i, %jb, %jl) = (48, 2, 16) {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<48x2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 32>}} : tensor<48x2x16xi8>
  %a_1 = affine_nest.for (%i0_1, %i1_1) = (48, 32) {
    %a_2 = affine_nest.load %a[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<48x2x16xi8>
    affine_nest.yield %a_2 : i8
  } : tensor<48x32xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (48, 2, 16) {
    %y_2 = affine_nest.load %y[%i0_2, %i1_2 * 16 + %lane_1] : tensor<48x32xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<48x2x16xi8>
  %a_3 = affine_nest.for (%ob, %jb_1, %ol, %jl_1) = (3, 2, 16, 16) {
    %a_4 = affine_nest.load %a_1[%ob * 16 + %ol, %jb_1 * 16 + %jl_1] : tensor<48x32xi8>
    affine_nest.yield %a_4 : i8
  } : tensor<3x2x16x16xi8>
  %b = affine_nest.for (%i_1, %ob_1, %ol_1) = (48, 3, 16) reduce (%jb_2, %jl_2) = (2, 16) {
    %v_1 = affine_nest.load %y_1[%i_1, %jb_2, %jl_2] : tensor<48x2x16xi8>
    %u = affine_nest.load %a_3[%ob_1, %jb_2, %ol_1, %jl_2] : tensor<3x2x16x16xi8>
    %ve = arith.extsi %v_1 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 48>}} : tensor<48x3x16xi8>
  %b_1 = affine_nest.for (%i0_3, %i1_3) = (48, 48) {
    %b_2 = affine_nest.load %b[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<48x3x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<48x48xi8>
  func.return %a_1, %b_1 : tensor<48x32xi8>, tensor<48x48xi8>
}
// CHECK: remark: '%a' is copied for '%b': '%a' has other readers, too (1,536 bytes)

// Blocks of weights are filled up with zeros.
func.func @padded(%x: tensor<40x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x40xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (40, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<40x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<40x2x16xi8>
  %a = affine_nest.for (%i, %jb, %jl) = (40, 2, 16) {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<40x2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 40, 32>}} : tensor<40x2x16xi8>
  %a_1 = affine_nest.for (%i0_1, %i1_1) = (40, 32) {
    %a_2 = affine_nest.load %a[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<40x2x16xi8>
    affine_nest.yield %a_2 : i8
  } : tensor<40x32xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (48, 2, 16) {
    %y_2 = affine_nest.load %y[%i0_2, %i1_2 * 16 + %lane_1] : tensor<48x32xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<48x2x16xi8>
  %a_3 = affine_nest.for (%ob, %jb_1, %ol, %jl_1) = (3, 2, 16, 16) {
    %a_4 = affine_nest.load %a_1[%ob * 16 + %ol, %jb_1 * 16 + %jl_1] pad 0 : tensor<40x32xi8>
    affine_nest.yield %a_4 : i8
  } : tensor<3x2x16x16xi8>
  %b = affine_nest.for (%i_1, %ob_1, %ol_1) = (48, 3, 16) reduce (%jb_2, %jl_2) = (2, 16) {
    %v_1 = affine_nest.load %y_1[%i_1, %jb_2, %jl_2] : tensor<48x2x16xi8>
    %u = affine_nest.load %a_3[%ob_1, %jb_2, %ol_1, %jl_2] : tensor<3x2x16x16xi8>
    %ve = arith.extsi %v_1 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 40>}} : tensor<48x3x16xi8>
  %b_1 = affine_nest.for (%i0_3, %i1_3) = (48, 40) {
    %b_2 = affine_nest.load %b[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<48x3x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<48x40xi8>
  func.return %b_1 : tensor<48x40xi8>
}
// CHECK: remark: '%a' is copied for '%b': (d0, d1, d2, d3) -> (((d0 * 16) + d2), ((d1 * 16) + d3)) pads '%a' (1,536 bytes)

// Two nests compute it.
func.func @parts(%x: tensor<16x32xi8>, %y: tensor<48x32xi8>) -> tensor<48x32xi8> {
  %x_1 = affine_nest.for (%i0, %i1, %lane) = (16, 2, 16) {
    %x_2 = affine_nest.load %x[%i0, %i1 * 16 + %lane] : tensor<16x32xi8>
    affine_nest.yield %x_2 : i8
  } : tensor<16x2x16xi8>
  %a = affine_nest.for (%i, %jb, %jl) = (16, 2, 16) into [%i, %jb, %jl] {
    %v = affine_nest.load %x_1[%i, %jb, %jl] : tensor<16x2x16xi8>
    affine_nest.yield %v : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 32>}} : tensor<32x2x16xi8>
  %b = affine_nest.for (%i_1, %jb_1, %jl_1) = (16, 2, 16) into %a[%i_1 + 16, %jb_1, %jl_1] {
    %v_1 = affine_nest.load %x_1[%i_1, %jb_1, %jl_1] : tensor<16x2x16xi8>
    affine_nest.yield %v_1 : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 32, 32>}} : tensor<32x2x16xi8>
  %b_1 = affine_nest.for (%i0_1, %i1_1) = (32, 32) {
    %b_2 = affine_nest.load %b[%i0_1, %i1_1 floordiv 16, %i1_1 mod 16] : tensor<32x2x16xi8>
    affine_nest.yield %b_2 : i8
  } : tensor<32x32xi8>
  %y_1 = affine_nest.for (%i0_2, %i1_2, %lane_1) = (48, 2, 16) {
    %y_2 = affine_nest.load %y[%i0_2, %i1_2 * 16 + %lane_1] : tensor<48x32xi8>
    affine_nest.yield %y_2 : i8
  } : tensor<48x2x16xi8>
  %b_3 = affine_nest.for (%ob, %jb_2, %ol, %jl_2) = (2, 2, 16, 16) {
    %b_4 = affine_nest.load %b_1[%ob * 16 + %ol, %jb_2 * 16 + %jl_2] : tensor<32x32xi8>
    affine_nest.yield %b_4 : i8
  } : tensor<2x2x16x16xi8>
  %d = affine_nest.for (%i_2, %ob_1, %ol_1) = (48, 2, 16) reduce (%jb_3, %jl_3) = (2, 16) {
    %v_2 = affine_nest.load %y_1[%i_2, %jb_3, %jl_3] : tensor<48x2x16xi8>
    %u = affine_nest.load %b_3[%ob_1, %jb_3, %ol_1, %jl_3] : tensor<2x2x16x16xi8>
    %ve = arith.extsi %v_2 : i8 to i32
    %ue = arith.extsi %u : i8 to i32
    %m = arith.muli %ve, %ue : i32
    %s = affine_nest.reduce add %m : i32
    %by = arith.constant 14 : i32
    %r = arith.shrsi %s, %by : i32
    %t = arith.trunci %r : i32 to i8
    affine_nest.yield %t : i8
  } attributes {placement = "core", layout = {axis = 1 : i64, shape = array<i64: 48, 32>}} : tensor<48x2x16xi8>
  %d_1 = affine_nest.for (%i0_3, %i1_3) = (48, 32) {
    %d_2 = affine_nest.load %d[%i0_3, %i1_3 floordiv 16, %i1_3 mod 16] : tensor<48x2x16xi8>
    affine_nest.yield %d_2 : i8
  } : tensor<48x32xi8>
  func.return %d_1 : tensor<48x32xi8>
}
// CHECK: remark: '%b' is copied for '%d': '%b' is computed in parts (1,024 bytes)
