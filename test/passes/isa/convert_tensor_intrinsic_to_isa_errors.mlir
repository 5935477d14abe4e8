// What no scratchpad holds, what no LOAD can pad, and what reaches past a buffer or a tensor.
// RUN: sed 's/SLOTS/13/g; s/AT/0, 0, 0/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix FULL
// RUN: sed 's/SLOTS/1/g; s/AT/-1, -1, 0/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix PADDED
// RUN: sed 's/SLOTS/1/g; s/AT/0, 0, -16/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix COLUMNS
// RUN: sed 's/SLOTS/1/g; s/AT/0, -16, -15/' %s | nopt -p convert-tensor-intrinsic-to-isa | filecheck %s

// RUN: sed 's/SLOTS/1/g; s/AT/0, 0, 0/; s/%inp\[0\]/%inp[1]/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix SLOT
// RUN: sed 's/SLOTS/1/g; s/AT/0, 0, 0/; s/sizes \[2, 2, 40\]/sizes [2, 2, 41]/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix SIZE
// RUN: sed 's/SLOTS/1/g; s/AT/0, 0, 0/; s/inp = .*/acc = tensor_intrinsic.alloc : memref<1x6x16xi32, #tensor_intrinsic<memory acc>>/; s/tensor_intrinsic.load .*/tensor_intrinsic.alu shr [7] %acc[0, d0], 1 : memref<1x6x16xi32, #tensor_intrinsic<memory acc>>/' %s | not nopt -p convert-tensor-intrinsic-to-isa 2>&1 | filecheck %s --check-prefix INDEX

// FULL: {{.*}}:21:3: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.kernel' op buffers need 2080 entries of inp, 'rtl' has 2048
// PADDED: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.load' op dimension 0 of a window is padded; only the two innermost can be
// COLUMNS: error: pass 'convert-tensor-intrinsic-to-isa': 'tensor_intrinsic.load' op a window has 16 columns of padding, expected at most 15
// SLOT: 'tensor_intrinsic.load' op 'buffer': index 0 is 1 to 1, expected it within 0 to 0
// SIZE: 'tensor_intrinsic.load' op 'buffer': size 2 is up to 41, expected at most 40
// INDEX: 'tensor_intrinsic.alu' op 'acc': index 1 is 0 to 6, expected it within 0 to 5
// Lying wholly in padding is no error.
// CHECK: isa.load inp[%j * 80] from %xm[%j * 200] rows -16 size 2 of 5 stride 40 columns -15 size 40 of 40 pitch 40

func.func @main(%x: tensor<4x5x40x16xi8>) -> tensor<1x16xi8> {
  %y = tensor_intrinsic.kernel (%xm = %x) to (%ym) : (tensor<4x5x40x16xi8>) -> tensor<1x16xi8> {
    %inp = tensor_intrinsic.alloc : memref<SLOTSx2x2x40x16xi8, #tensor_intrinsic<memory inp>>
    tensor_intrinsic.load %xm[AT] to %inp[0] sizes [2, 2, 40] : memref<4x5x40x16xi8>, memref<SLOTSx2x2x40x16xi8, #tensor_intrinsic<memory inp>>
  }
  return %y : tensor<1x16xi8>
}
