// What no scratchpad holds, and what no LOAD can pad.
// RUN: sed 's/SLOTS/13/g; s/AT/0, 0, 0/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix FULL
// RUN: sed 's/SLOTS/1/g; s/AT/-1, -1, 0/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix PADDED
// RUN: sed 's/SLOTS/1/g; s/AT/0, 0, -16/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix COLUMNS
// RUN: sed 's/SLOTS/1/g; s/AT/0, -16, -15/' %s | nopt -p convert-tensor-intrinsic-to-isa | filecheck %s

// FULL: {{.*}}:14:3: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.kernel' op buffers need 2080 entries of inp, 'rtl' has 2048
// PADDED: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.kernel' op dimension 0 of a window is padded; only the two innermost can be
// COLUMNS: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.kernel' op a window has 16 columns of padding, expected at most 15
// Lying wholly in padding is no error.
// CHECK: isa.load inp[%j * 80] from %xm[%j * 200] rows -16 size 2 of 5 stride 40 columns -15 size 40 of 40 pitch 40

func.func @main(%x: tensor<4x5x40x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x5x40x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<SLOTSx2x2x40x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[AT] to %inp[0] sizes [2, 2, 40] : memref<4x5x40x16xi8>, memref<SLOTSx2x2x40x16xi8, #tensor_intrinsic<memory inp>>
  }
  return %y : tensor<1x16xi8>
}
