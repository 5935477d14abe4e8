// RUN: nopt %s -p 'vta{until=affine-nest-fold-constants}' | grep 'affine_nest.for' | filecheck %s
// Units that split, join and shuffle channels, as in ShuffleNet v2, off the blocks of 16: a nest for each
// convolution and one that chooses what the second unit passes on; the host lays out input and result only.

func.func @main(%x0: tensor<1x48x8x8xi8>) -> tensor<1x48x8x8xi8> {
  %s0_w = graph.constant dense<1> : tensor<48x48x1x1xi8>
  %s0_c = graph.conv2d %x0, %s0_w pads [0,0,0,0] groups 1 : (tensor<1x48x8x8xi8>, tensor<48x48x1x1xi8>) -> tensor<1x48x8x8xi32>
  %s0_r = graph.relu %s0_c : tensor<1x48x8x8xi32>
  %s0 = graph.requantize %s0_r shift 7 : tensor<1x48x8x8xi32> -> tensor<1x48x8x8xi8>
  %l0 = graph.slice %s0 starts [0,0,0,0] : tensor<1x48x8x8xi8> -> tensor<1x24x8x8xi8>
  %r0 = graph.slice %s0 starts [0,24,0,0] : tensor<1x48x8x8xi8> -> tensor<1x24x8x8xi8>
  %a0_w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %a0_c = graph.conv2d %r0, %a0_w pads [0,0,0,0] groups 1 : (tensor<1x24x8x8xi8>, tensor<24x24x1x1xi8>) -> tensor<1x24x8x8xi32>
  %a0_r = graph.relu %a0_c : tensor<1x24x8x8xi32>
  %a0 = graph.requantize %a0_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %b0_w = graph.constant dense<1> : tensor<24x1x3x3xi8>
  %b0_c = graph.conv2d %a0, %b0_w pads [1,1,1,1] groups 24 : (tensor<1x24x8x8xi8>, tensor<24x1x3x3xi8>) -> tensor<1x24x8x8xi32>
  %b0_r = graph.relu %b0_c : tensor<1x24x8x8xi32>
  %b0 = graph.requantize %b0_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %c0_w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %c0_c = graph.conv2d %b0, %c0_w pads [0,0,0,0] groups 1 : (tensor<1x24x8x8xi8>, tensor<24x24x1x1xi8>) -> tensor<1x24x8x8xi32>
  %c0_r = graph.relu %c0_c : tensor<1x24x8x8xi32>
  %c0 = graph.requantize %c0_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %j0 = graph.concat %l0, %c0 axis 1 : (tensor<1x24x8x8xi8>, tensor<1x24x8x8xi8>) -> tensor<1x48x8x8xi8>
  %k0 = graph.reshape %j0 : tensor<1x48x8x8xi8> -> tensor<1x2x24x8x8xi8>
  %m0 = graph.transpose %k0 permutation [0,2,1,3,4] : tensor<1x2x24x8x8xi8> -> tensor<1x24x2x8x8xi8>
  %y0 = graph.reshape %m0 : tensor<1x24x2x8x8xi8> -> tensor<1x48x8x8xi8>
  %l1 = graph.slice %y0 starts [0,0,0,0] : tensor<1x48x8x8xi8> -> tensor<1x24x8x8xi8>
  %r1 = graph.slice %y0 starts [0,24,0,0] : tensor<1x48x8x8xi8> -> tensor<1x24x8x8xi8>
  %a1_w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %a1_c = graph.conv2d %r1, %a1_w pads [0,0,0,0] groups 1 : (tensor<1x24x8x8xi8>, tensor<24x24x1x1xi8>) -> tensor<1x24x8x8xi32>
  %a1_r = graph.relu %a1_c : tensor<1x24x8x8xi32>
  %a1 = graph.requantize %a1_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %b1_w = graph.constant dense<1> : tensor<24x1x3x3xi8>
  %b1_c = graph.conv2d %a1, %b1_w pads [1,1,1,1] groups 24 : (tensor<1x24x8x8xi8>, tensor<24x1x3x3xi8>) -> tensor<1x24x8x8xi32>
  %b1_r = graph.relu %b1_c : tensor<1x24x8x8xi32>
  %b1 = graph.requantize %b1_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %c1_w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %c1_c = graph.conv2d %b1, %c1_w pads [0,0,0,0] groups 1 : (tensor<1x24x8x8xi8>, tensor<24x24x1x1xi8>) -> tensor<1x24x8x8xi32>
  %c1_r = graph.relu %c1_c : tensor<1x24x8x8xi32>
  %c1 = graph.requantize %c1_r shift 7 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %j1 = graph.concat %l1, %c1 axis 1 : (tensor<1x24x8x8xi8>, tensor<1x24x8x8xi8>) -> tensor<1x48x8x8xi8>
  %k1 = graph.reshape %j1 : tensor<1x48x8x8xi8> -> tensor<1x2x24x8x8xi8>
  %m1 = graph.transpose %k1 permutation [0,2,1,3,4] : tensor<1x2x24x8x8xi8> -> tensor<1x24x2x8x8xi8>
  %y1 = graph.reshape %m1 : tensor<1x24x2x8x8xi8> -> tensor<1x48x8x8xi8>
  %z_w = graph.constant dense<1> : tensor<48x48x1x1xi8>
  %z_c = graph.conv2d %y1, %z_w pads [0,0,0,0] groups 1 : (tensor<1x48x8x8xi8>, tensor<48x48x1x1xi8>) -> tensor<1x48x8x8xi32>
  %z_r = graph.relu %z_c : tensor<1x48x8x8xi32>
  %z = graph.requantize %z_r shift 7 : tensor<1x48x8x8xi32> -> tensor<1x48x8x8xi8>
  return %z : tensor<1x48x8x8xi8>
}
// CHECK: %x0_1 = affine_nest.for (%i0, %i1, %i2, %i3, %lane) = (1, 3, 8, 8, 16) {
// CHECK-NEXT: %s0 = affine_nest.for (%n, %cb, %h, %w, %cl) = (1, 3, 8, 8, 16) reduce (%ib, %kh, %kw, %il) = (3, 1, 1, 16) {
// CHECK-NEXT: %j0 = affine_nest.for (%n_1, %cb_1, %h_1, %w_1, %cl_1) = (1, 2, 8, 8, 16) into [0, %cb_1, %h_1, %w_1, %cl_1] {
// CHECK-NEXT: %a0 = affine_nest.for (%n_2, %cb_2, %h_2, %w_2, %cl_2) = (1, 2, 8, 8, 16) reduce (%ib_1, %kh_1, %kw_1, %il_1) = (3, 1, 1, 16) {
// CHECK-NEXT: %b0 = affine_nest.for (%n_3, %cb_3, %h_3, %w_3, %cl_3) = (1, 2, 8, 8, 16) reduce (%i, %kh_2, %kw_2, %il_2) = (1, 3, 3, 16) {
// CHECK-NEXT: %j0_1 = affine_nest.for (%n_4, %cb_4, %h_4, %w_4, %cl_4) = (1, 2, 8, 8, 16) reduce (%ib_2, %kh_3, %kw_3, %il_3) = (2, 1, 1, 16) into %j0[0, %cb_4 + 2, %h_4, %w_4, %cl_4] {
// CHECK-NEXT: %j1 = affine_nest.for (%n_5, %cb_5, %h_5, %w_5, %cl_5) = (1, 2, 8, 8, 16) reduce (%ib_3, %kh_4, %kw_4, %il_4) = (4, 1, 1, 16) into [0, %cb_5, %h_5, %w_5, %cl_5] {
// CHECK-NEXT: %a1 = affine_nest.for (%n_6, %cb_6, %h_6, %w_6, %cl_6) = (1, 2, 8, 8, 16) reduce (%ib_4, %kh_5, %kw_5, %il_5) = (4, 1, 1, 16) {
// CHECK-NEXT: %b1 = affine_nest.for (%n_7, %cb_7, %h_7, %w_7, %cl_7) = (1, 2, 8, 8, 16) reduce (%i_1, %kh_6, %kw_6, %il_6) = (1, 3, 3, 16) {
// CHECK-NEXT: %j1_1 = affine_nest.for (%n_8, %cb_8, %h_8, %w_8, %cl_8) = (1, 2, 8, 8, 16) reduce (%ib_5, %kh_7, %kw_7, %il_7) = (2, 1, 1, 16) into %j1[0, %cb_8 + 2, %h_8, %w_8, %cl_8] {
// CHECK-NEXT: %z = affine_nest.for (%n_9, %cb_9, %h_9, %w_9, %cl_9) = (1, 3, 8, 8, 16) reduce (%ib_6, %kh_8, %kw_8, %il_8) = (4, 1, 1, 16) {
// CHECK-NEXT: %z_1 = affine_nest.for (%i0_1, %i1_1, %i2_1, %i3_1) = (1, 48, 8, 8) {
// CHECK-NOT: affine_nest.for
