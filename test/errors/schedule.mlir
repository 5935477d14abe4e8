// A pinned schedule that is malformed, or does not fit its nest or the scratchpads.
// RUN: sed 's/PINNED/tile [8, 1, 1] order [1, 0] inp 1 wgt 1 acc 1/' %s | nopt -p convert-affine-nest-to-tensor-intrinsic | filecheck %s
// RUN: sed 's/PINNED/tile [8, 1, 1] order [1, 0] inp 1 wgt 1/' %s | not nopt 2>&1 | filecheck %s --check-prefix SLOTS
// RUN: sed 's/PINNED/tile [8, 1, 0] order [1, 0] inp 1 wgt 1 acc 1/' %s | not nopt 2>&1 | filecheck %s --check-prefix ZERO
// RUN: sed 's/PINNED/tile [8, 1, 1] order [1, 1] inp 1 wgt 1 acc 1/' %s | not nopt 2>&1 | filecheck %s --check-prefix TWICE
// RUN: sed 's/PINNED/tile [8, 1, 1] order [1, 0] inp 0 wgt 1 acc 1/' %s | not nopt 2>&1 | filecheck %s --check-prefix NO-SLOT
// RUN: sed 's/PINNED/tile [8, 1, 1] order [1, 0] inp 1 within 4 wgt 1 acc 1/' %s | not nopt 2>&1 | filecheck %s --check-prefix WITHIN
// RUN: sed 's/schedule = .*PINNED>/schedule = 3/' %s | not nopt -p convert-affine-nest-to-tensor-intrinsic 2>&1 | filecheck %s --check-prefix NUMBER
// RUN: sed 's/, schedule = .*PINNED>//' %s | not nopt -p convert-affine-nest-to-tensor-intrinsic 2>&1 | filecheck %s --check-prefix NONE
// RUN: sed 's/PINNED/tile [8, 1] order [1, 0] inp 1 wgt 1 acc 1/' %s | not nopt -p convert-affine-nest-to-tensor-intrinsic 2>&1 | filecheck %s --check-prefix SHORT
// RUN: sed 's/PINNED/tile [9, 1, 1] order [1, 0] inp 1 wgt 1 acc 1/' %s | not nopt -p convert-affine-nest-to-tensor-intrinsic 2>&1 | filecheck %s --check-prefix LONG
// RUN: sed 's/PINNED/tile [4, 1, 1] order [1, 0] inp 600 wgt 1 acc 1/' %s | not nopt -p convert-affine-nest-to-tensor-intrinsic 2>&1 | filecheck %s --check-prefix FULL

// CHECK: tensor_intrinsic.kernel
// SLOTS: stdin:{{[0-9]+}}:{{[0-9]+}}: error: Expected 'acc'
// ZERO: stdin:{{[0-9]+}}:3: error: tile sizes must be positive, found [8, 1, 0]
// TWICE: error: order must be a permutation of the parallel iterators, found [1, 1]
// NO-SLOT: error: expected a positive number of slots for inp, wgt and acc
// WITHIN: error: within is 4, expected 0 to 3, the number of tile loops
// NUMBER: stdin:{{[0-9]+}}:3: error: pass 'convert-affine-nest-to-tensor-intrinsic': 'affine_nest.for' op schedule: found 3 : i64, expected #tensor_intrinsic.schedule
// NONE: stdin:{{[0-9]+}}:3: error: pass 'convert-affine-nest-to-tensor-intrinsic': 'affine_nest.for' op schedule: found none, expected #tensor_intrinsic.schedule
// SHORT: error: pass 'convert-affine-nest-to-tensor-intrinsic': {{.*}}schedule has 2 tile sizes and 2 loops, expected 3 and 2
// LONG: error: pass 'convert-affine-nest-to-tensor-intrinsic': {{.*}}tile of iterator 0 is 9, expected at most 8
// FULL: error: pass 'convert-affine-nest-to-tensor-intrinsic': {{.*}}tile [4, 1, 1] needs 2400 entries of inp, expected at most 2048

func.func @main(%x: tensor<8x1x16xi8>, %w: tensor<16x16xi8>) -> tensor<8x1x16xi8> {
  %y = affine_nest.for (%i, %jb, %jl) = (8, 1, 16) reduce (%kb, %kl) = (1, 16) {
    %a = affine_nest.load %x[%i, 0, %kl] : tensor<8x1x16xi8>
    %b = affine_nest.load %w[%jl, %kl] : tensor<16x16xi8>
    %c = arith.extsi %a : i8 to i32
    %d = arith.extsi %b : i8 to i32
    %e = arith.muli %c, %d : i32
    %f = affine_nest.reduce add %e : i32
    %g = arith.trunci %f : i32 to i8
    affine_nest.yield %g : i8
  } attributes {placement = "core", schedule = #tensor_intrinsic.schedule<PINNED>} : tensor<8x1x16xi8>
  func.return %y : tensor<8x1x16xi8>
}
