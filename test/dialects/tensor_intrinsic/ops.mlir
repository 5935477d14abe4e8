// RUN: ROUNDTRIP
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// Every op, with and without what is optional, in both syntaxes.

func.func @kernels(%x: tensor<4x9x9x16xi8>, %w: tensor<4x3x3x16x16xi8>, %b: tensor<16xi32>) -> tensor<2x9x9x16xi8> {
// CHECK: func.func @kernels(%x: tensor<4x9x9x16xi8>, %w: tensor<4x3x3x16x16xi8>, %b: tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x, %wm = %w, %bm = %b) to (%ym) : (tensor<4x9x9x16xi8>, tensor<4x3x3x16x16xi8>, tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  // CHECK-NEXT: %y = tensor_intrinsic.kernel (%xm = %x, %wm = %w, %bm = %b) to (%ym) : (tensor<4x9x9x16xi8>, tensor<4x3x3x16x16xi8>, tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  // GENERIC: %y = "tensor_intrinsic.kernel"(%x, %w, %b) <{operandSegmentSizes = array<i32: 3, 0>}> ({
    // Buffers: [slots, window, lanes], in each scratchpad.
    %acc = tensor_intrinsic.alloc : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
    // CHECK-NEXT: %acc = tensor_intrinsic.alloc : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
    // GENERIC: %acc = "tensor_intrinsic.alloc"() : () -> memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
    %inp = tensor_intrinsic.alloc : memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
    // CHECK-NEXT: %inp = tensor_intrinsic.alloc : memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
    // GENERIC: %inp = "tensor_intrinsic.alloc"() : () -> memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
    %wgt = tensor_intrinsic.alloc : memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
    // CHECK-NEXT: %wgt = tensor_intrinsic.alloc : memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
    // GENERIC: %wgt = "tensor_intrinsic.alloc"() : () -> memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
    %one = tensor_intrinsic.alloc : memref<1x16xi32, #tensor_intrinsic<memory acc>>
    // CHECK-NEXT: %one = tensor_intrinsic.alloc : memref<1x16xi32, #tensor_intrinsic<memory acc>>
    // GENERIC: %one = "tensor_intrinsic.alloc"() : () -> memref<1x16xi32, #tensor_intrinsic<memory acc>>
    // A single element: no indices but the slot.
    tensor_intrinsic.load %bm[] to %one[0] sizes [] : memref<16xi32>, memref<1x16xi32, #tensor_intrinsic<memory acc>>
    // CHECK-NEXT: tensor_intrinsic.load %bm[] to %one[0] sizes [] : memref<16xi32>, memref<1x16xi32, #tensor_intrinsic<memory acc>>
    // GENERIC: "tensor_intrinsic.load"(%bm, %one) <{offsets = affine_map<() -> ()>, slot = affine_map<() -> (0)>, sizes = [], steps = array<i64>}> : (memref<16xi32>, memref<1x16xi32, #tensor_intrinsic<memory acc>>) -> ()
    affine.for %o = 0 to 2 {
    // CHECK-NEXT: affine.for %o = 0 to 2 {
      affine.for %t = 0 to 3 {
      // CHECK-NEXT: affine.for %t = 0 to 3 {
        // A window with a halo, cut at the end; one that leaves out every second row; a whole one.
        tensor_intrinsic.load %xm[%o, %t * 4 - 1, -1] to %inp[%t mod 2] sizes [1, min(6, %t * -4 + 10), 11] : memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
        // CHECK-NEXT: tensor_intrinsic.load %xm[%o, %t * 4 - 1, -1] to %inp[%t mod 2] sizes [1, min(6, %t * -4 + 10), 11] : memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
        // GENERIC: "tensor_intrinsic.load"(%xm, %inp, %o, %t) <{offsets = affine_map<()[s0, s1] -> (s0, ((s1 * 4) + -1), -1)>, slot = affine_map<()[s0, s1] -> ((s1 mod 2))>, sizes = [affine_map<()[s0, s1] -> (1)>, affine_map<()[s0, s1] -> (6, ((s1 * -4) + 10))>, affine_map<()[s0, s1] -> (11)>], steps = array<i64: 1, 1, 1>}> : (memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>, index, index) -> ()
        tensor_intrinsic.load %xm[%o * 2 + 1, %t, 0] to %inp[0] sizes [1, 3, 9] steps [1, 2, 1] : memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
        // CHECK-NEXT: tensor_intrinsic.load %xm[%o * 2 + 1, %t, 0] to %inp[0] sizes [1, 3, 9] steps [1, 2, 1] : memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>
        // GENERIC: "tensor_intrinsic.load"(%xm, %inp, %o, %t) <{offsets = affine_map<()[s0, s1] -> (((s0 * 2) + 1), s1, 0)>, slot = affine_map<()[s0, s1] -> (0)>, sizes = [affine_map<()[s0, s1] -> (1)>, affine_map<()[s0, s1] -> (3)>, affine_map<()[s0, s1] -> (9)>], steps = array<i64: 1, 2, 1>}> : (memref<4x9x9x16xi8>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>, index, index) -> ()
        tensor_intrinsic.load %wm[%o, 0, 0] to %wgt[0] sizes [1, 3, 3] : memref<4x3x3x16x16xi8>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
        // CHECK-NEXT: tensor_intrinsic.load %wm[%o, 0, 0] to %wgt[0] sizes [1, 3, 3] : memref<4x3x3x16x16xi8>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
        // GENERIC: "tensor_intrinsic.load"(%wm, %wgt, %o) <{offsets = affine_map<()[s0] -> (s0, 0, 0)>, slot = affine_map<()[s0] -> (0)>, sizes = [affine_map<()[s0] -> (1)>, affine_map<()[s0] -> (3)>, affine_map<()[s0] -> (3)>], steps = array<i64: 1, 1, 1>}> : (memref<4x3x3x16x16xi8>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>, index) -> ()
        tensor_intrinsic.reset [min(4, %t * -4 + 9), 9] %acc[%t mod 2, 0, d0, d1] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.reset [min(4, %t * -4 + 9), 9] %acc[%t mod 2, 0, d0, d1] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.reset"(%acc, %t) <{sizes = [affine_map<()[s0] -> (4, ((s0 * -4) + 9))>, affine_map<()[s0] -> (9)>], acc_map = affine_map<(d0, d1)[s0] -> ((s0 mod 2), 0, d0, d1)>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, index) -> ()
        tensor_intrinsic.gemm [min(4, %t * -4 + 9), 9, 3, 3] %acc[%t mod 2, 0, d0, d1] += %inp[%t mod 2, 0, d0 + d2, d1 + d3] * %wgt[0, 0, d2, d3] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
        // CHECK-NEXT: tensor_intrinsic.gemm [min(4, %t * -4 + 9), 9, 3, 3] %acc[%t mod 2, 0, d0, d1] += %inp[%t mod 2, 0, d0 + d2, d1 + d3] * %wgt[0, 0, d2, d3] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>
        // GENERIC: "tensor_intrinsic.gemm"(%acc, %inp, %wgt, %t) <{sizes = [affine_map<()[s0] -> (4, ((s0 * -4) + 9))>, affine_map<()[s0] -> (9)>, affine_map<()[s0] -> (3)>, affine_map<()[s0] -> (3)>], acc_map = affine_map<(d0, d1, d2, d3)[s0] -> ((s0 mod 2), 0, d0, d1)>, inp_map = affine_map<(d0, d1, d2, d3)[s0] -> ((s0 mod 2), 0, (d0 + d2), (d1 + d3))>, wgt_map = affine_map<(d0, d1, d2, d3)[s0] -> (0, 0, d2, d3)>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x6x11x16xi8, #tensor_intrinsic<memory inp>>, memref<1x1x3x3x16x16xi8, #tensor_intrinsic<memory wgt>>, index) -> ()
        // Steps of the ALU: with an immediate, with another accumulator; a box of one point.
        tensor_intrinsic.alu shr [4, 9] %acc[0, 0, d0, d1], -2 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.alu shr [4, 9] %acc[0, 0, d0, d1], -2 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.alu"(%acc) <{kind = #tensor_intrinsic<alu_kind shr>, sizes = [affine_map<() -> (4)>, affine_map<() -> (9)>], acc_map = affine_map<(d0, d1) -> (0, 0, d0, d1)>, immediate = -2 : i32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>) -> ()
        tensor_intrinsic.alu max [4, 9] %acc[0, 0, d0, d1], -128 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.alu max [4, 9] %acc[0, 0, d0, d1], -128 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.alu"(%acc) <{kind = #tensor_intrinsic<alu_kind max>, sizes = [affine_map<() -> (4)>, affine_map<() -> (9)>], acc_map = affine_map<(d0, d1) -> (0, 0, d0, d1)>, immediate = -128 : i32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>) -> ()
        tensor_intrinsic.alu min [4, 9] %acc[0, 0, d0, d1], 127 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.alu min [4, 9] %acc[0, 0, d0, d1], 127 : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.alu"(%acc) <{kind = #tensor_intrinsic<alu_kind min>, sizes = [affine_map<() -> (4)>, affine_map<() -> (9)>], acc_map = affine_map<(d0, d1) -> (0, 0, d0, d1)>, immediate = 127 : i32, operandSegmentSizes = array<i32: 1, 0, 0>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>) -> ()
        tensor_intrinsic.alu add [4, 9] %acc[1, 0, d0, d1], %one[0] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.alu add [4, 9] %acc[1, 0, d0, d1], %one[0] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.alu"(%acc, %one) <{kind = #tensor_intrinsic<alu_kind add>, sizes = [affine_map<() -> (4)>, affine_map<() -> (9)>], acc_map = affine_map<(d0, d1) -> (1, 0, d0, d1)>, other_map = affine_map<(d0, d1) -> (0)>, operandSegmentSizes = array<i32: 1, 1, 0>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<1x16xi32, #tensor_intrinsic<memory acc>>) -> ()
        tensor_intrinsic.alu mul [] %acc[%o, 0, 3, 8], %acc[0, 0, 0, %t] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // CHECK-NEXT: tensor_intrinsic.alu mul [] %acc[%o, 0, 3, 8], %acc[0, 0, 0, %t] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>
        // GENERIC: "tensor_intrinsic.alu"(%acc, %acc, %o, %t) <{kind = #tensor_intrinsic<alu_kind mul>, sizes = [], acc_map = affine_map<()[s0, s1] -> (s0, 0, 3, 8)>, other_map = affine_map<()[s0, s1] -> (0, 0, 0, s1)>, operandSegmentSizes = array<i32: 1, 1, 2>}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, index, index) -> ()
        tensor_intrinsic.store %acc[%t mod 2] to %ym[%o, %t * 4, 0] sizes [1, min(4, %t * -4 + 9), 9] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x9x9x16xi8>
        // CHECK-NEXT: tensor_intrinsic.store %acc[%t mod 2] to %ym[%o, %t * 4, 0] sizes [1, min(4, %t * -4 + 9), 9] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x9x9x16xi8>
        // GENERIC: "tensor_intrinsic.store"(%acc, %ym, %t, %o) <{slot = affine_map<()[s0, s1] -> ((s0 mod 2))>, offsets = affine_map<()[s0, s1] -> (s1, (s0 * 4), 0)>, sizes = [affine_map<()[s0, s1] -> (1)>, affine_map<()[s0, s1] -> (4, ((s0 * -4) + 9))>, affine_map<()[s0, s1] -> (9)>]}> : (memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x9x9x16xi8>, index, index) -> ()
        tensor_intrinsic.store %acc[%t mod 2, 0, 2, 0] to %ym[%o, %t + 2, 0] sizes [1, 2, 9] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x9x9x16xi8>
        // CHECK-NEXT: tensor_intrinsic.store %acc[%t mod 2, 0, 2, 0] to %ym[%o, %t + 2, 0] sizes [1, 2, 9] : memref<2x1x4x9x16xi32, #tensor_intrinsic<memory acc>>, memref<2x9x9x16xi8>
        // GENERIC: "tensor_intrinsic.store"(%acc, %ym, %t, %o) <{slot = affine_map<()[s0, s1] -> ((s0 mod 2), 0, 2, 0)>
      }
      // CHECK-NEXT: }
    }
    // CHECK-NEXT: }
  }
  // CHECK-NEXT: }
  func.return %y : tensor<2x9x9x16xi8>
  // CHECK-NEXT: func.return %y : tensor<2x9x9x16xi8>
}
// CHECK-NEXT: }

// A schedule is an attribute of a nest.
func.func @schedule(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
// CHECK: func.func @schedule(%x: tensor<4x16xi8>) -> tensor<4x16xi8> {
  %y = affine_nest.for (%i, %l) = (4, 16) {
  // CHECK-NEXT: %y = affine_nest.for (%i, %l) = (4, 16) {
    %a = affine_nest.load %x[%i, %l] : tensor<4x16xi8>
    // CHECK-NEXT: %a = affine_nest.load %x[%i, %l] : tensor<4x16xi8>
    affine_nest.yield %a : i8
    // CHECK-NEXT: affine_nest.yield %a : i8
  } attributes {schedule = #tensor_intrinsic.schedule<tile [2] order [0] inp 2 wgt 1 acc 2 strips 2>, other = #tensor_intrinsic.schedule<tile [3] order [0] inp 2 wgt 1 acc 2 strips 1>} : tensor<4x16xi8>
  // CHECK-NEXT: } attributes {schedule = #tensor_intrinsic.schedule<tile [2] order [0] inp 2 wgt 1 acc 2 strips 2>, other = #tensor_intrinsic.schedule<tile [3] order [0] inp 2 wgt 1 acc 2>} : tensor<4x16xi8>
  func.return %y : tensor<4x16xi8>
  // CHECK-NEXT: func.return %y : tensor<4x16xi8>
}
// CHECK-NEXT: }

func.func @in_place(%x: tensor<4x16xi8>, %d: tensor<9x16xi8>) -> tensor<9x16xi8> {
// CHECK-LABEL: func.func @in_place(
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym = %d) : (tensor<4x16xi8>) -> tensor<9x16xi8> {
  // CHECK-NEXT: %y = tensor_intrinsic.kernel (%xm = %x) to (%ym = %d) : (tensor<4x16xi8>) -> tensor<9x16xi8> {
  }
  func.return %y : tensor<9x16xi8>
}
// GENERIC-LABEL: "func.func"() <{sym_name = "in_place"
// GENERIC: %y = "tensor_intrinsic.kernel"(%x, %d) <{operandSegmentSizes = array<i32: 1, 1>}> ({
// GENERIC-NEXT: ^bb0(%xm: memref<4x16xi8>, %ym: memref<9x16xi8>):
