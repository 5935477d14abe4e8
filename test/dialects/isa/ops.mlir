// RUN: ROUNDTRIP
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix=GENERIC
// Every instruction, with and without what is optional, in both syntaxes.

func.func @kernel(%x: tensor<4x9x9x16xi8>, %w: tensor<36x16x16xi8>, %b: tensor<16xi32>) -> tensor<2x9x9x16xi8> {
// CHECK: func.func @kernel(%x: tensor<4x9x9x16xi8>, %w: tensor<36x16x16xi8>, %b: tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  %y = isa.kernel (%xm = %x, %wm = %w, %bm = %b) to (%ym) : (tensor<4x9x9x16xi8>, tensor<36x16x16xi8>, tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  // CHECK-NEXT: %y = isa.kernel (%xm = %x, %wm = %w, %bm = %b) to (%ym) : (tensor<4x9x9x16xi8>, tensor<36x16x16xi8>, tensor<16xi32>) -> tensor<2x9x9x16xi8> {
  // GENERIC: %y = "isa.kernel"(%x, %w, %b) <{operandSegmentSizes = array<i32: 3, 0>}> ({
    // A single element; a plain run of elements.
    isa.load acc[72] from %bm[0] rows 0 size 1 of 1 stride 1 columns 0 size 1 of 1 pitch 1 : memref<16xi32>
    // CHECK-NEXT: isa.load acc[72] from %bm[0] rows 0 size 1 of 1 stride 1 columns 0 size 1 of 1 pitch 1 : memref<16xi32>
    // GENERIC: "isa.load"(%bm) <{memory = #isa<load_memory acc>, sram = affine_map<() -> (72)>, base = affine_map<() -> (0)>, row_offset = affine_map<() -> (0)>, row_size = affine_map<() -> (1)>, column_offset = affine_map<() -> (0)>, column_size = affine_map<() -> (1)>, geometry = array<i64: 1, 1, 1, 1, 1>}> : (memref<16xi32>) -> ()
    isa.load wgt[0] from %wm[27] rows 0 size 1 of 1 stride 1 columns 0 size 9 of 9 pitch 9 : memref<36x16x16xi8>
    // CHECK-NEXT: isa.load wgt[0] from %wm[27] rows 0 size 1 of 1 stride 1 columns 0 size 9 of 9 pitch 9 : memref<36x16x16xi8>
    // GENERIC: "isa.load"(%wm) <{memory = #isa<load_memory wgt>, sram = affine_map<() -> (0)>, base = affine_map<() -> (27)>, row_offset = affine_map<() -> (0)>, row_size = affine_map<() -> (1)>, column_offset = affine_map<() -> (0)>, column_size = affine_map<() -> (9)>, geometry = array<i64: 1, 1, 1, 9, 9>}> : (memref<36x16x16xi8>) -> ()
    affine.for %o = 0 to 2 {
    // CHECK-NEXT: affine.for %o = 0 to 2 {
      affine.for %t = 0 to 3 {
      // CHECK-NEXT: affine.for %t = 0 to 3 {
        // A window with a halo, cut at the end; one that leaves out every second row.
        isa.load inp[%t mod 2 * 66] from %xm[%o * 81] rows %t * 4 - 1 size min(6, %t * -4 + 10) of 9 stride 9 columns -1 size 11 of 9 pitch 11 : memref<4x9x9x16xi8>
        // CHECK-NEXT: isa.load inp[(%t mod 2) * 66] from %xm[%o * 81] rows %t * 4 - 1 size min(6, %t * -4 + 10) of 9 stride 9 columns -1 size 11 of 9 pitch 11 : memref<4x9x9x16xi8>
        // GENERIC: "isa.load"(%xm, %t, %o) <{memory = #isa<load_memory inp>, sram = affine_map<()[s0, s1] -> (((s0 mod 2) * 66))>, base = affine_map<()[s0, s1] -> ((s1 * 81))>, row_offset = affine_map<()[s0, s1] -> (((s0 * 4) + -1))>, row_size = affine_map<()[s0, s1] -> (6, ((s0 * -4) + 10))>, column_offset = affine_map<()[s0, s1] -> (-1)>, column_size = affine_map<()[s0, s1] -> (11)>, geometry = array<i64: 9, 9, 1, 9, 11>}> : (memref<4x9x9x16xi8>, index, index) -> ()
        isa.load inp[0] from %xm[%o * 162 + 81] rows %t size 3 of 9 stride 9 step 2 columns 0 size 9 of 9 pitch 9 : memref<4x9x9x16xi8>
        // CHECK-NEXT: isa.load inp[0] from %xm[%o * 162 + 81] rows %t size 3 of 9 stride 9 step 2 columns 0 size 9 of 9 pitch 9 : memref<4x9x9x16xi8>
        // GENERIC: "isa.load"(%xm, %o, %t) <{memory = #isa<load_memory inp>, sram = affine_map<()[s0, s1] -> (0)>, base = affine_map<()[s0, s1] -> (((s0 * 162) + 81))>, row_offset = affine_map<()[s0, s1] -> (s1)>, row_size = affine_map<()[s0, s1] -> (3)>, column_offset = affine_map<()[s0, s1] -> (0)>, column_size = affine_map<()[s0, s1] -> (9)>, geometry = array<i64: 9, 9, 2, 9, 9>}> : (memref<4x9x9x16xi8>, index, index) -> ()
        // Hardware loops, a varying one too; micro-ops in none, one and two dimensions.
        isa.reset acc[%t mod 2 * 36] outer min(4, %t * -4 + 9) by (9) inner 9 by (1)
        // CHECK-NEXT: isa.reset acc[(%t mod 2) * 36] outer min(4, %t * -4 + 9) by (9) inner 9 by (1)
        // GENERIC: "isa.reset"(%t) <{bases = affine_map<()[s0] -> (((s0 mod 2) * 36))>, outer_size = affine_map<()[s0] -> (4, ((s0 * -4) + 9))>, inner_size = affine_map<()[s0] -> (9)>, outer = array<i64: 9>, inner = array<i64: 1>, uop_sizes = array<i64>, uop_factors = []}> : (index) -> ()
        isa.gemm acc[%t mod 2 * 36] inp[%t mod 2 * 66] wgt[0] outer 4 by (9, 11, 0) inner 9 by (1, 1, 0) uops [3 by (0, 11, 3), 3 by (0, 1, 1)]
        // CHECK-NEXT: isa.gemm acc[(%t mod 2) * 36] inp[(%t mod 2) * 66] wgt[0] outer 4 by (9, 11, 0) inner 9 by (1, 1, 0) uops [3 by (0, 11, 3), 3 by (0, 1, 1)]
        // GENERIC: "isa.gemm"(%t) <{bases = affine_map<()[s0] -> (((s0 mod 2) * 36), ((s0 mod 2) * 66), 0)>, outer_size = affine_map<()[s0] -> (4)>, inner_size = affine_map<()[s0] -> (9)>, outer = array<i64: 9, 11, 0>, inner = array<i64: 1, 1, 0>, uop_sizes = array<i64: 3, 3>, uop_factors = [array<i64: 0, 11, 3>, array<i64: 0, 1, 1>]}> : (index) -> ()
        isa.alu shr acc[%t mod 2 * 36], -2 outer 1 by (0) inner 36 by (1)
        // CHECK-NEXT: isa.alu shr acc[(%t mod 2) * 36], -2 outer 1 by (0) inner 36 by (1)
        // GENERIC: "isa.alu"(%t) <{bases = affine_map<()[s0] -> (((s0 mod 2) * 36))>, outer_size = affine_map<()[s0] -> (1)>, inner_size = affine_map<()[s0] -> (36)>, outer = array<i64: 0>, inner = array<i64: 1>, uop_sizes = array<i64>, uop_factors = [], kind = #tensor_intrinsic<alu_kind shr>, immediate = -2 : i32}> : (index) -> ()
        isa.alu max acc[0], -128 outer 1 by (0) inner 36 by (1) uops [2 by (36)]
        // CHECK-NEXT: isa.alu max acc[0], -128 outer 1 by (0) inner 36 by (1) uops [2 by (36)]
        // GENERIC: "isa.alu"() <{bases = affine_map<() -> (0)>, outer_size = affine_map<() -> (1)>, inner_size = affine_map<() -> (36)>, outer = array<i64: 0>, inner = array<i64: 1>, uop_sizes = array<i64: 2>, uop_factors = [array<i64: 36>], kind = #tensor_intrinsic<alu_kind max>, immediate = -128 : i32}> : () -> ()
        isa.alu min acc[0], 127 outer 2 by (36) inner 36 by (1)
        // CHECK-NEXT: isa.alu min acc[0], 127 outer 2 by (36) inner 36 by (1)
        // GENERIC: "isa.alu"() <{bases = affine_map<() -> (0)>, outer_size = affine_map<() -> (2)>, inner_size = affine_map<() -> (36)>, outer = array<i64: 36>, inner = array<i64: 1>, uop_sizes = array<i64>, uop_factors = [], kind = #tensor_intrinsic<alu_kind min>, immediate = 127 : i32}> : () -> ()
        isa.alu add acc[36], acc[72] outer 1 by (0, 0) inner 36 by (1, 0)
        // CHECK-NEXT: isa.alu add acc[36], acc[72] outer 1 by (0, 0) inner 36 by (1, 0)
        // GENERIC: "isa.alu"() <{bases = affine_map<() -> (36, 72)>, outer_size = affine_map<() -> (1)>, inner_size = affine_map<() -> (36)>, outer = array<i64: 0, 0>, inner = array<i64: 1, 0>, uop_sizes = array<i64>, uop_factors = [], kind = #tensor_intrinsic<alu_kind add>}> : () -> ()
        isa.alu mul acc[%o * 36], acc[%t] outer 1 by (0, 0) inner 1 by (0, 0)
        // CHECK-NEXT: isa.alu mul acc[%o * 36], acc[%t] outer 1 by (0, 0) inner 1 by (0, 0)
        // GENERIC: "isa.alu"(%o, %t) <{bases = affine_map<()[s0, s1] -> ((s0 * 36), s1)>, outer_size = affine_map<()[s0, s1] -> (1)>, inner_size = affine_map<()[s0, s1] -> (1)>, outer = array<i64: 0, 0>, inner = array<i64: 0, 0>, uop_sizes = array<i64>, uop_factors = [], kind = #tensor_intrinsic<alu_kind mul>}> : (index, index) -> ()
        isa.store %ym[%o * 81 + %t * 36] from out[%t mod 2 * 36] rows 1 stride 1 columns min(36, %t * -36 + 81) : memref<2x9x9x16xi8>
        // CHECK-NEXT: isa.store %ym[%o * 81 + %t * 36] from out[(%t mod 2) * 36] rows 1 stride 1 columns min(36, %t * -36 + 81) : memref<2x9x9x16xi8>
        // GENERIC: "isa.store"(%ym, %o, %t) <{sram = affine_map<()[s0, s1] -> (((s1 mod 2) * 36))>, base = affine_map<()[s0, s1] -> (((s0 * 81) + (s1 * 36)))>, rows = affine_map<()[s0, s1] -> (1)>, columns = affine_map<()[s0, s1] -> (36, ((s1 * -36) + 81))>, stride = 1 : i64}> : (memref<2x9x9x16xi8>, index, index) -> ()
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

func.func @in_place(%x: tensor<4x16xi8>, %d: tensor<9x16xi8>) -> tensor<9x16xi8> {
// CHECK-LABEL: func.func @in_place(
  %y = isa.kernel (%xm = %x) to (%ym = %d) : (tensor<4x16xi8>) -> tensor<9x16xi8> {
  // CHECK-NEXT: %y = isa.kernel (%xm = %x) to (%ym = %d) : (tensor<4x16xi8>) -> tensor<9x16xi8> {
  }
  func.return %y : tensor<9x16xi8>
}
// GENERIC-LABEL: "func.func"() <{sym_name = "in_place"
// GENERIC: %y = "isa.kernel"(%x, %d) <{operandSegmentSizes = array<i32: 1, 1>}> ({
// GENERIC-NEXT: ^bb0(%xm: memref<4x16xi8>, %ym: memref<9x16xi8>):
