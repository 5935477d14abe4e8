// The block of self-attention of examples/attention: hidden size 768, 12 heads of 64, 128 tokens, 6
// sequences; and 1024 with 16 heads. Every reshape and transpose is gone, and no copy is left. Each
// projection is one nest that stores what its reader loads: queries as they are, keys and values as
// blocks of weights. The input plays weights for the values and is read in vectors by all others: one
// order of it serves both, in which the caller gives it. The sum over 768 channels is 48 blocks outside
// of the 16 channels of the intrinsic.
// RUN: nopt %S/../../examples/attention/attention.mlir -p 'vta{until=affine-nest-infer-layout}' | filecheck %s --check-prefix LANES
// RUN: nopt %S/../../examples/attention/attention.mlir -p 'vta{until=affine-nest-fold-constants}' | filecheck %s
// RUN: python %S/../../examples/attention/attention.py --hidden 1024 --heads 16 | nopt -p 'vta{until=affine-nest-fold-constants}' | filecheck %s --check-prefix LARGE
// RUN: nopt %S/../../examples/attention/attention.mlir -p 'vta{until=affine-nest-fold-constants}' | filecheck %s --check-prefix NESTS
// NESTS-COUNT-6: affine_nest.for
// NESTS-NOT: affine_nest.for

// Along what the vectors of each result and input lie, which factor plays weights; the input's order.
// LANES: func.func @main(%x: tensor<6x128x768xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d0, (d1 floordiv 16), (d2 floordiv 16), (d1 mod 16), (d2 mod 16))>}) -> tensor<6x128x768xi8> {
// LANES: %qq = affine_nest.for (%i0, %i1, %i2) = (6, 128, 768) reduce (%k) = (768) {
// LANES: } attributes {lanes = #affine_nest.lanes<output i2, input 2, weights second>} : tensor<6x128x768xi8>
// LANES: %kq = affine_nest.for (%i0_1, %i1_1, %i2_1) = (6, 128, 768) reduce (%k_1) = (768) {
// LANES: } attributes {lanes = #affine_nest.lanes<output i2, input 2, weights second>} : tensor<6x128x768xi8>
// LANES: %vq = affine_nest.for (%i0_2, %i1_2, %i2_2) = (6, 128, 768) reduce (%k_2) = (768) {
// LANES: } attributes {lanes = #affine_nest.lanes<output i1, input 0, weights first>} : tensor<6x128x768xi8>
// LANES: %scores = affine_nest.for (%n, %c, %h, %w) = (6, 12, 128, 128) reduce (%k_3) = (64) {
// LANES: } attributes {lanes = #affine_nest.lanes<output w, input 2, weights second>} : tensor<6x12x128x128xi8>
// LANES: %o = affine_nest.for (%n_1, %c_1, %h_1, %w_1) = (6, 12, 128, 64) reduce (%k_5) = (128) {
// LANES: } attributes {lanes = #affine_nest.lanes<output w, input 3, weights second>} : tensor<6x12x128x64xi8>
// LANES: %y = affine_nest.for (%i0_3, %i1_3, %i2_3) = (6, 128, 768) reduce (%k0, %k1) = (12, 64) {
// LANES: } attributes {lanes = #affine_nest.lanes<output i2, input 3, weights second>} : tensor<6x128x768xi8>

// Blocks of 16 lanes; of the attributes those of where results lie are left out.
// CHECK: func.func @main(%x: tensor<6x8x48x16x16xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d0, (d1 floordiv 16), (d2 floordiv 16), (d1 mod 16), (d2 mod 16))>, affine_nest.packs = tensor<6x128x768xi8>}) -> tensor<6x128x768xi8> {
// CHECK: %qq = affine_nest.for (%i0, %i1b, %i1l, %i2b, %i2l) = (6, 8, 16, 48, 16) reduce (%kb, %kl) = (48, 16) into [%i0, %i1b * 16 + %i1l, %i2b, %i2l] {
// CHECK-NEXT: %x_1 = affine_nest.load %x[%i0, %i1b, %kb, %i1l, %kl] : tensor<6x8x48x16x16xi8>
// CHECK-NEXT: %wq_1 = affine_nest.load %wq[%i2b, %kb, %i2l, %kl] : tensor<48x48x16x16xi8>
// CHECK-NEXT: %bq_1 = affine_nest.load %bq[%i2b * 16 + %i2l] : tensor<768xi32>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x128x48x16xi8>
// CHECK: %kq = affine_nest.for (%n, %c, %wb, %kb_1, %wl, %kl_1) = (6, 12, 8, 4, 16, 16) reduce (%kb_2, %kl_2) = (48, 16) {
// CHECK-NEXT: %x_2 = affine_nest.load %x[%n, %wb, %kb_2, %wl, %kl_2] : tensor<6x8x48x16x16xi8>
// CHECK-NEXT: %wk_1 = affine_nest.load %wk[%c * 4 + %kb_1, %kb_2, %kl_1, %kl_2] : tensor<48x48x16x16xi8>
// CHECK-NEXT: %bk_1 = affine_nest.load %bk[%c * 64 + %kb_1 * 16 + %kl_1] : tensor<768xi32>
// CHECK: } attributes {placement = "core"} : tensor<6x12x8x4x16x16xi8>
// CHECK-NEXT: %scores = affine_nest.for (%n_1, %c_1, %h, %wb_1, %wl_1) = (6, 12, 128, 8, 16) reduce (%kb_3, %kl_3) = (4, 16) into [%n_1, %c_1, %h, %wb_1 * 16 + %wl_1] {
// CHECK-NEXT: %q = affine_nest.load %qq[%n_1, %h, %c_1 * 4 + %kb_3, %kl_3] : tensor<6x128x48x16xi8>
// CHECK-NEXT: %k = affine_nest.load %kq[%n_1, %c_1, %wb_1, %kb_3, %wl_1, %kl_3] : tensor<6x12x8x4x16x16xi8>
// CHECK: } attributes {placement = "core"} : tensor<6x12x128x128xi8>
// CHECK-NEXT: %f = graph.dequantize %scores scale 0.0625
// CHECK-NEXT: %p = graph.softmax %f axis 3
// CHECK-NEXT: %weights = graph.quantize %p scale 0.0078125
// CHECK-NEXT: %vq = affine_nest.for (%n_2, %c_2, %wb_2, %kb_4, %wl_2, %kl_4) = (6, 12, 4, 8, 16, 16) reduce (%kb_5, %kl_5) = (48, 16) {
// CHECK-NEXT: %x_3 = affine_nest.load %x[%n_2, %kb_4, %kb_5, %kl_4, %kl_5] : tensor<6x8x48x16x16xi8>
// CHECK-NEXT: %wv_1 = affine_nest.load %wv[%kb_5, %c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_5] : tensor<48x768x16xi8>
// CHECK-NEXT: %bv_1 = affine_nest.load %bv[%c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_4] : tensor<768x16xi32>
// CHECK: } attributes {placement = "core"} : tensor<6x12x4x8x16x16xi8>
// CHECK-NEXT: %o = affine_nest.for (%n_3, %c_3, %h_1, %wb_3, %wl_3) = (6, 12, 128, 4, 16) reduce (%kb_6, %kl_6) = (8, 16) {
// CHECK-NEXT: %weights_1 = affine_nest.load %weights[%n_3, %c_3, %h_1, %kb_6 * 16 + %kl_6] : tensor<6x12x128x128xi8>
// CHECK-NEXT: %v = affine_nest.load %vq[%n_3, %c_3, %wb_3, %kb_6, %wl_3, %kl_6] : tensor<6x12x4x8x16x16xi8>
// CHECK: } attributes {placement = "core"{{.*}}} : tensor<6x12x128x4x16xi8>
// CHECK: %y = affine_nest.for (%i0_1, %i1b_1, %i1l_1, %i2b_1, %i2l_1) = (6, 8, 16, 48, 16) reduce (%k0, %k1b, %k1l) = (12, 4, 16) into [%i0_1, %i1b_1 * 16 + %i1l_1, %i2b_1 * 16 + %i2l_1] {
// CHECK-NEXT: %x_4 = affine_nest.load %x[%i0_1, %i1b_1, %i2b_1, %i1l_1, %i2l_1] : tensor<6x8x48x16x16xi8>
// CHECK-NEXT: %merged = affine_nest.load %o[%i0_1, %k0, %i1b_1 * 16 + %i1l_1, %k1b, %k1l] : tensor<6x12x128x4x16xi8>
// CHECK-NEXT: %wo_1 = affine_nest.load %wo[%i2b_1, %k0, %k1b, %i2l_1, %k1l] : tensor<48x12x4x16x16xi8>
// CHECK-NEXT: %bo_1 = affine_nest.load %bo[%i2b_1 * 16 + %i2l_1] : tensor<768xi32>
// CHECK: } attributes {placement = "core"} : tensor<6x128x768xi8>
// CHECK-NEXT: func.return %y : tensor<6x128x768xi8>

// 16 heads of 64 channels of 1024.
// LARGE: func.func @main(%x: tensor<6x8x64x16x16xi8> {affine_nest.order = affine_map<(d0, d1, d2) -> (d0, (d1 floordiv 16), (d2 floordiv 16), (d1 mod 16), (d2 mod 16))>, affine_nest.packs = tensor<6x128x1024xi8>}) -> tensor<6x128x1024xi8> {
// LARGE: %qq = affine_nest.for (%i0, %i1b, %i1l, %i2b, %i2l) = (6, 8, 16, 64, 16) reduce (%kb, %kl) = (64, 16) into [%i0, %i1b * 16 + %i1l, %i2b, %i2l] {
// LARGE: %x_1 = affine_nest.load %x[%i0, %i1b, %kb, %i1l, %kl] : tensor<6x8x64x16x16xi8>
// LARGE: %wq_1 = affine_nest.load %wq[%i2b, %kb, %i2l, %kl] : tensor<64x64x16x16xi8>
// LARGE: %bq_1 = affine_nest.load %bq[%i2b * 16 + %i2l] : tensor<1024xi32>
// LARGE: %kq = affine_nest.for (%n, %c, %wb, %kb_1, %wl, %kl_1) = (6, 16, 8, 4, 16, 16) reduce (%kb_2, %kl_2) = (64, 16) {
// LARGE: %x_2 = affine_nest.load %x[%n, %wb, %kb_2, %wl, %kl_2] : tensor<6x8x64x16x16xi8>
// LARGE: %wk_1 = affine_nest.load %wk[%c * 4 + %kb_1, %kb_2, %kl_1, %kl_2] : tensor<64x64x16x16xi8>
// LARGE: %bk_1 = affine_nest.load %bk[%c * 64 + %kb_1 * 16 + %kl_1] : tensor<1024xi32>
// LARGE: %scores = affine_nest.for (%n_1, %c_1, %h, %wb_1, %wl_1) = (6, 16, 128, 8, 16) reduce (%kb_3, %kl_3) = (4, 16) into [%n_1, %c_1, %h, %wb_1 * 16 + %wl_1] {
// LARGE: %q = affine_nest.load %qq[%n_1, %h, %c_1 * 4 + %kb_3, %kl_3] : tensor<6x128x64x16xi8>
// LARGE: %k = affine_nest.load %kq[%n_1, %c_1, %wb_1, %kb_3, %wl_1, %kl_3] : tensor<6x16x8x4x16x16xi8>
// LARGE: %vq = affine_nest.for (%n_2, %c_2, %wb_2, %kb_4, %wl_2, %kl_4) = (6, 16, 4, 8, 16, 16) reduce (%kb_5, %kl_5) = (64, 16) {
// LARGE: %x_3 = affine_nest.load %x[%n_2, %kb_4, %kb_5, %kl_4, %kl_5] : tensor<6x8x64x16x16xi8>
// LARGE: %wv_1 = affine_nest.load %wv[%kb_5, %c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_5] : tensor<64x1024x16xi8>
// LARGE: %bv_1 = affine_nest.load %bv[%c_2 * 64 + %wb_2 * 16 + %wl_2, %kl_4] : tensor<1024x16xi32>
// LARGE: %o = affine_nest.for (%n_3, %c_3, %h_1, %wb_3, %wl_3) = (6, 16, 128, 4, 16) reduce (%kb_6, %kl_6) = (8, 16) {
// LARGE: %weights_1 = affine_nest.load %weights[%n_3, %c_3, %h_1, %kb_6 * 16 + %kl_6] : tensor<6x16x128x128xi8>
// LARGE: %v = affine_nest.load %vq[%n_3, %c_3, %wb_3, %kb_6, %wl_3, %kl_6] : tensor<6x16x4x8x16x16xi8>
// LARGE: %y = affine_nest.for (%i0_1, %i1b_1, %i1l_1, %i2b_1, %i2l_1) = (6, 8, 16, 64, 16) reduce (%k0, %k1b, %k1l) = (16, 4, 16) into [%i0_1, %i1b_1 * 16 + %i1l_1, %i2b_1 * 16 + %i2l_1] {
// LARGE: %x_4 = affine_nest.load %x[%i0_1, %i1b_1, %i2b_1, %i1l_1, %i2l_1] : tensor<6x8x64x16x16xi8>
// LARGE: %merged = affine_nest.load %o[%i0_1, %k0, %i1b_1 * 16 + %i1l_1, %k1b, %k1l] : tensor<6x16x128x4x16xi8>
// LARGE: %wo_1 = affine_nest.load %wo[%i2b_1, %k0, %k1b, %i2l_1, %k1l] : tensor<64x16x4x16x16xi8>
// LARGE: %bo_1 = affine_nest.load %bo[%i2b_1 * 16 + %i2l_1] : tensor<1024xi32>
// LARGE: func.return %y : tensor<6x128x1024xi8>
