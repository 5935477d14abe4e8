// Two branches of one tensor and a pool of it, joined: each kernel stores its part of the one tensor,
// and the host does nothing between the first layer and the last.
// RUN: nopt %s -p vta | grep -E 'isa.kernel|affine_nest.for|graph.c' | grep -v constant | filecheck %s
// RUN: nopt %s -p 'vta{until=affine-nest-fuse}' | filecheck %s --check-prefix FUSED

func.func @main(%x: tensor<1x16x8x8xi8>) -> tensor<1x16x8x8xi8> {
  %w = graph.constant dense<3> : tensor<32x16x1x1xi8>
  %c = graph.conv2d %x, %w : (tensor<1x16x8x8xi8>, tensor<32x16x1x1xi8>) -> tensor<1x32x8x8xi32>
  %a = graph.requantize %c shift 5 : tensor<1x32x8x8xi32> -> tensor<1x32x8x8xi8>
  %v = graph.constant dense<2> : tensor<48x16x3x3xi8>
  %d = graph.conv2d %x, %v pads [1, 1, 1, 1] : (tensor<1x16x8x8xi8>, tensor<48x16x3x3xi8>) -> tensor<1x48x8x8xi32>
  %b = graph.requantize %d shift 8 : tensor<1x48x8x8xi32> -> tensor<1x48x8x8xi8>
  %p = graph.max_pool %a kernel [3, 3] pads [1, 1, 1, 1] : tensor<1x32x8x8xi8> -> tensor<1x32x8x8xi8>
  %j = graph.concat %a, %b, %p axis 1 : (tensor<1x32x8x8xi8>, tensor<1x48x8x8xi8>, tensor<1x32x8x8xi8>) -> tensor<1x112x8x8xi8>
  %u = graph.constant dense<1> : tensor<16x112x1x1xi8>
  %e = graph.conv2d %j, %u : (tensor<1x112x8x8xi8>, tensor<16x112x1x1xi8>) -> tensor<1x16x8x8xi32>
  %y = graph.requantize %e shift 7 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  func.return %y : tensor<1x16x8x8xi8>
}

// CHECK: [[X:%x_[0-9]+]] = affine_nest.for
// CHECK-NEXT: [[J0:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[X]], {{.*}}) to (%{{[a-z0-9_]+}}) {{.*}} -> tensor<1x7x8x8x16xi8>
// CHECK-NEXT: [[J1:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[X]], {{.*}}) to (%{{[a-z0-9_]+}} = [[J0]]) {{.*}} -> tensor<1x7x8x8x16xi8>
// CHECK-NEXT: [[J2:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[J0]], {{.*}}) to (%{{[a-z0-9_]+}} = [[J1]]) {{.*}} -> tensor<1x7x8x8x16xi8>
// CHECK-NEXT: [[Y:%y]] = isa.kernel ({{%[a-z0-9_]+}} = [[J2]], {{.*}}) to (%{{[a-z0-9_]+}}) {{.*}} -> tensor<1x1x8x8x16xi8>
// CHECK-NEXT: affine_nest.for
// CHECK-NOT: isa.kernel
// CHECK-NOT: affine_nest.for

// FUSED: affine_nest.for (%n, %c, %h, %w_1) = (1, 32, 8, 8) reduce (%i, %kh, %kw) = (16, 1, 1) into [0, %c, %h, %w_1] {
// FUSED: affine_nest.for {{.*}} reduce {{.*}} = (16, 3, 3) into %{{[a-z0-9_]+}}[0, %{{[a-z0-9_]+}} + 32, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}] {
// FUSED: affine_nest.for {{.*}} reduce {{.*}} = (3, 3) into %{{[a-z0-9_]+}}[0, %{{[a-z0-9_]+}} + 80, %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}}] {
// FUSED: affine_nest.for {{.*}} reduce {{.*}} = (112, 1, 1) {
// FUSED-NOT: affine_nest.for
