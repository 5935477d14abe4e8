// The block of self-attention of examples/attention: hidden size 768, 12 heads of 64, 128 tokens, 6
// sequences. Every reshape and transpose is gone. Each projection is one nest that stores what its
// reader loads: queries as they are, keys and values as blocks of weights. The sum over 768 channels is
// 48 blocks outside of the 16 channels of the intrinsic. What copies are left bring the input and the
// scores to and from the plain order of the host.
// RUN: nopt %S/../../examples/attention/attention.mlir -p 'vta{until=affine-nest-fold-constants}' | filecheck %s

// CHECK: %x_1 = affine_nest.for (%i0, %i1, %i2, %lane) = (6, 128, 48, 16) {
// CHECK:   %x_2 = affine_nest.load %x[%i0, %i1, %i2 * 16 + %lane] : tensor<6x128x768xi8>
// CHECK: } : tensor<6x128x48x16xi8>
// CHECK: %qq = affine_nest.for (%i0_1, %i1_1, %i2b, %i2l) = (6, 128, 48, 16) reduce (%kb, %kl) = (48, 16) {
// CHECK:   %x_3 = affine_nest.load %x_1[%i0_1, %i1_1, %kb, %kl] : tensor<6x128x48x16xi8>
// CHECK:   %wq_1 = affine_nest.load %wq[%i2b, %kb, %i2l, %kl] : tensor<48x48x16x16xi8>
// CHECK:   %bq_1 = affine_nest.load %bq[%i2b, %i2l] : tensor<48x16xi32>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x128x48x16xi8>
// CHECK: %x_4 = affine_nest.for (%i0_2, %i1b, %kb_1, %i1l, %kl_1) = (6, 8, 48, 16, 16) {
// CHECK:   %x_5 = affine_nest.load %x[%i0_2, %i1b * 16 + %i1l, %kb_1 * 16 + %kl_1] : tensor<6x128x768xi8>
// CHECK: } : tensor<6x8x48x16x16xi8>
// CHECK: %kq = affine_nest.for (%n, %c, %wb, %kb_2, %wl, %kl_2) = (6, 12, 8, 4, 16, 16) reduce (%kb_3, %kl_3) = (48, 16) {
// CHECK:   %x_6 = affine_nest.load %x_1[%n, %wb * 16 + %wl, %kb_3, %kl_3] : tensor<6x128x48x16xi8>
// CHECK:   %wk_1 = affine_nest.load %wk[%c * 4 + %kb_2, %kb_3, %kl_2, %kl_3] : tensor<48x48x16x16xi8>
// CHECK:   %bk_1 = affine_nest.load %bk[%c * 4 + %kb_2, %kl_2] : tensor<48x16xi32>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x12x8x4x16x16xi8>
// CHECK: %scores = affine_nest.for (%n_1, %c_1, %h, %wb_1, %wl_1) = (6, 12, 128, 8, 16) reduce (%kb_4, %kl_4) = (4, 16) {
// CHECK:   %q = affine_nest.load %qq[%n_1, %h, %c_1 * 4 + %kb_4, %kl_4] : tensor<6x128x48x16xi8>
// CHECK:   %k = affine_nest.load %kq[%n_1, %c_1, %wb_1, %kb_4, %wl_1, %kl_4] : tensor<6x12x8x4x16x16xi8>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x12x128x8x16xi8>
// CHECK: %scores_1 = affine_nest.for (%i0_3, %i1_2, %i2_1, %i3) = (6, 12, 128, 128) {
// CHECK:   %scores_2 = affine_nest.load %scores[%i0_3, %i1_2, %i2_1, %i3 floordiv 16, %i3 mod 16] : tensor<6x12x128x8x16xi8>
// CHECK: } : tensor<6x12x128x128xi8>
// CHECK: %f = graph.dequantize %scores_1
// CHECK: %p = graph.softmax %f
// CHECK: %weights = graph.quantize %p
// CHECK: %weights_1 = affine_nest.for (%i0_4, %i1_3, %i2_2, %i3_1, %lane_1) = (6, 12, 128, 8, 16) {
// CHECK:   %weights_2 = affine_nest.load %weights[%i0_4, %i1_3, %i2_2, %i3_1 * 16 + %lane_1] : tensor<6x12x128x128xi8>
// CHECK: } : tensor<6x12x128x8x16xi8>
// CHECK: %vq = affine_nest.for (%n_2, %c_2, %wb_2, %kb_5, %wl_2, %kl_5) = (6, 12, 4, 8, 16, 16) reduce (%kb_6, %kl_6) = (48, 16) {
// CHECK:   %wv_1 = affine_nest.load %wv[%kb_6, %c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_6] : tensor<48x768x16xi8>
// CHECK:   %x_7 = affine_nest.load %x_4[%n_2, %kb_5, %kb_6, %kl_5, %kl_6] : tensor<6x8x48x16x16xi8>
// CHECK:   %bv_1 = affine_nest.load %bv[%c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_5] : tensor<768x16xi32>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x12x4x8x16x16xi8>
// CHECK: %o = affine_nest.for (%n_3, %c_3, %h_1, %wb_3, %wl_3) = (6, 12, 128, 4, 16) reduce (%kb_7, %kl_7) = (8, 16) {
// CHECK:   %weights_3 = affine_nest.load %weights_1[%n_3, %c_3, %h_1, %kb_7, %kl_7] : tensor<6x12x128x8x16xi8>
// CHECK:   %v = affine_nest.load %vq[%n_3, %c_3, %wb_3, %kb_7, %wl_3, %kl_7] : tensor<6x12x4x8x16x16xi8>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x12x128x4x16xi8>
// CHECK: %y = affine_nest.for (%i0_5, %i1_4, %i2b_1, %i2l_1) = (6, 128, 48, 16) reduce (%k0, %k1b, %k1l) = (12, 4, 16) {
// CHECK:   %merged = affine_nest.load %o[%i0_5, %k0, %i1_4, %k1b, %k1l] : tensor<6x12x128x4x16xi8>
// CHECK:   %wo_1 = affine_nest.load %wo[%i2b_1, %k0, %k1b, %i2l_1, %k1l] : tensor<48x12x4x16x16xi8>
// CHECK:   %bo_1 = affine_nest.load %bo[%i2b_1, %i2l_1] : tensor<48x16xi32>
// CHECK:   %x_8 = affine_nest.load %x_1[%i0_5, %i1_4, %i2b_1, %i2l_1] : tensor<6x128x48x16xi8>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x128x48x16xi8>
// CHECK: %y_1 = affine_nest.for (%i0_6, %i1_5, %i2_3) = (6, 128, 768) {
// CHECK:   %y_2 = affine_nest.load %y[%i0_6, %i1_5, %i2_3 floordiv 16, %i2_3 mod 16] : tensor<6x128x48x16xi8>
// CHECK: } : tensor<6x128x768xi8>
// CHECK: func.return %y_1 : tensor<6x128x768xi8>
