// The block of self-attention of examples/attention: hidden size 768, 12 heads of 64, 128 tokens, 6
// sequences. Every reshape and transpose is gone. Each projection is one nest that stores what its
// reader loads: queries as they are, keys and values as blocks of weights. The sum over 768 channels is
// 48 blocks outside of the 16 channels of the intrinsic. One copy is left, of the input to blocks of
// weights.
// RUN: nopt %S/../../examples/attention/attention.mlir -p 'vta{until=affine-nest-fold-constants}' | filecheck %s

// CHECK: func.func @main(%x: tensor<6x128x768xi8>) -> tensor<6x128x768xi8> {
// CHECK: %qq = affine_nest.for (%i0, %i1, %i2b, %i2l) = (6, 128, 48, 16) reduce (%kb, %kl) = (48, 16) {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1, %kb * 16 + %kl] : tensor<6x128x768xi8>
// CHECK-NEXT: %wq_1 = affine_nest.load %wq[%i2b, %kb, %i2l, %kl] : tensor<48x48x16x16xi8>
// CHECK-NEXT: %bq_1 = affine_nest.load %bq[%i2b * 16 + %i2l] : tensor<768xi32>
// CHECK: } attributes {placement = "core", layout = {axis = 2 : i64, shape = array<i64: 6, 128, 768>}} : tensor<6x128x48x16xi8>
// CHECK: %x_2 = affine_nest.for (%i0_1, %i1b, %kb_1, %i1l, %kl_1) = (6, 8, 48, 16, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x[%i0_1, %i1b * 16 + %i1l, %kb_1 * 16 + %kl_1] : tensor<6x128x768xi8>
// CHECK: } : tensor<6x8x48x16x16xi8>
// CHECK: %kq = affine_nest.for (%n, %c, %wb, %kb_2, %wl, %kl_2) = (6, 12, 8, 4, 16, 16) reduce (%kb_3, %kl_3) = (48, 16) {
// CHECK-NEXT: %x_4 = affine_nest.load %x[%n, %wb * 16 + %wl, %kb_3 * 16 + %kl_3] : tensor<6x128x768xi8>
// CHECK-NEXT: %wk_1 = affine_nest.load %wk[%c * 4 + %kb_2, %kb_3, %kl_2, %kl_3] : tensor<48x48x16x16xi8>
// CHECK-NEXT: %bk_1 = affine_nest.load %bk[%c * 64 + %kb_2 * 16 + %kl_2] : tensor<768xi32>
// CHECK: } attributes {placement = "core"} : tensor<6x12x8x4x16x16xi8>
// CHECK-NEXT: %scores = affine_nest.for (%n_1, %c_1, %h, %wb_1, %wl_1) = (6, 12, 128, 8, 16) reduce (%kb_4, %kl_4) = (4, 16) into [%n_1, %c_1, %h, %wb_1 * 16 + %wl_1] {
// CHECK-NEXT: %q = affine_nest.load %qq[%n_1, %h, %c_1 * 4 + %kb_4, %kl_4] : tensor<6x128x48x16xi8>
// CHECK-NEXT: %k = affine_nest.load %kq[%n_1, %c_1, %wb_1, %kb_4, %wl_1, %kl_4] : tensor<6x12x8x4x16x16xi8>
// CHECK: } attributes {placement = "core"} : tensor<6x12x128x128xi8>
// CHECK-NEXT: %f = graph.dequantize %scores scale 0.0625
// CHECK-NEXT: %p = graph.softmax %f axis 3
// CHECK-NEXT: %weights = graph.quantize %p scale 0.0078125
// CHECK-NEXT: %vq = affine_nest.for (%n_2, %c_2, %wb_2, %kb_5, %wl_2, %kl_5) = (6, 12, 4, 8, 16, 16) reduce (%kb_6, %kl_6) = (48, 16) {
// CHECK-NEXT: %wv_1 = affine_nest.load %wv[%kb_6, %c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_6] : tensor<48x768x16xi8>
// CHECK-NEXT: %x_5 = affine_nest.load %x_2[%n_2, %kb_5, %kb_6, %kl_5, %kl_6] : tensor<6x8x48x16x16xi8>
// CHECK-NEXT: %bv_1 = affine_nest.load %bv[%c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_5] : tensor<768x16xi32>
// CHECK: } attributes {placement = "core"} : tensor<6x12x4x8x16x16xi8>
// CHECK-NEXT: %o = affine_nest.for (%n_3, %c_3, %h_1, %wb_3, %wl_3) = (6, 12, 128, 4, 16) reduce (%kb_7, %kl_7) = (8, 16) {
// CHECK-NEXT: %weights_1 = affine_nest.load %weights[%n_3, %c_3, %h_1, %kb_7 * 16 + %kl_7] : tensor<6x12x128x128xi8>
// CHECK-NEXT: %v = affine_nest.load %vq[%n_3, %c_3, %wb_3, %kb_7, %wl_3, %kl_7] : tensor<6x12x4x8x16x16xi8>
// CHECK: } attributes {placement = "core", layout = {axis = 3 : i64, shape = array<i64: 6, 12, 128, 64>}} : tensor<6x12x128x4x16xi8>
// CHECK: %y = affine_nest.for (%i0_2, %i1_1, %i2b_1, %i2l_1) = (6, 128, 48, 16) reduce (%k0, %k1b, %k1l) = (12, 4, 16) into [%i0_2, %i1_1, %i2b_1 * 16 + %i2l_1] {
// CHECK-NEXT: %merged = affine_nest.load %o[%i0_2, %k0, %i1_1, %k1b, %k1l] : tensor<6x12x128x4x16xi8>
// CHECK-NEXT: %wo_1 = affine_nest.load %wo[%i2b_1, %k0, %k1b, %i2l_1, %k1l] : tensor<48x12x4x16x16xi8>
// CHECK-NEXT: %bo_1 = affine_nest.load %bo[%i2b_1 * 16 + %i2l_1] : tensor<768xi32>
// CHECK-NEXT: %x_6 = affine_nest.load %x[%i0_2, %i1_1, %i2b_1 * 16 + %i2l_1] : tensor<6x128x768xi8>
// CHECK: } attributes {placement = "core"} : tensor<6x128x768xi8>
// CHECK-NEXT: func.return %y : tensor<6x128x768xi8>
