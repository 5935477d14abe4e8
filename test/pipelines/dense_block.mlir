// DenseNet's growing tensor: each layer reads all before it and adds a piece. The tensor lies in one
// place from the start; nothing is copied, and the host does nothing between the layers.
// RUN: nopt %s -p vta | grep -E 'isa.kernel|affine_nest.for' | filecheck %s

func.func @main(%x: tensor<1x16x8x8xi8>) -> tensor<1x16x8x8xi8> {
  %w0 = graph.constant dense<3> : tensor<32x16x1x1xi8>
  %c0 = graph.conv2d %x, %w0 : (tensor<1x16x8x8xi8>, tensor<32x16x1x1xi8>) -> tensor<1x32x8x8xi32>
  %a = graph.requantize %c0 shift 5 : tensor<1x32x8x8xi32> -> tensor<1x32x8x8xi8>
  %w1 = graph.constant dense<2> : tensor<16x32x3x3xi8>
  %c1 = graph.conv2d %a, %w1 pads [1, 1, 1, 1] : (tensor<1x32x8x8xi8>, tensor<16x32x3x3xi8>) -> tensor<1x16x8x8xi32>
  %b = graph.requantize %c1 shift 8 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  %ab = graph.concat %a, %b axis 1 : (tensor<1x32x8x8xi8>, tensor<1x16x8x8xi8>) -> tensor<1x48x8x8xi8>
  %w2 = graph.constant dense<2> : tensor<16x48x3x3xi8>
  %c2 = graph.conv2d %ab, %w2 pads [1, 1, 1, 1] : (tensor<1x48x8x8xi8>, tensor<16x48x3x3xi8>) -> tensor<1x16x8x8xi32>
  %c = graph.requantize %c2 shift 8 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  %abc = graph.concat %ab, %c axis 1 : (tensor<1x48x8x8xi8>, tensor<1x16x8x8xi8>) -> tensor<1x64x8x8xi8>
  %w3 = graph.constant dense<1> : tensor<16x64x1x1xi8>
  %c3 = graph.conv2d %abc, %w3 : (tensor<1x64x8x8xi8>, tensor<16x64x1x1xi8>) -> tensor<1x16x8x8xi32>
  %y = graph.requantize %c3 shift 7 : tensor<1x16x8x8xi32> -> tensor<1x16x8x8xi8>
  func.return %y : tensor<1x16x8x8xi8>
}

// CHECK: [[X:%x_[0-9]+]] = affine_nest.for
// CHECK-NEXT: [[A:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[X]], {{.*}}) to (%{{[a-z0-9_]+}}) {{.*}} -> tensor<1x4x8x8x16xi8>
// CHECK-NEXT: [[B:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[A]], {{.*}}) to (%{{[a-z0-9_]+}} = [[A]]) {{.*}} -> tensor<1x4x8x8x16xi8>
// CHECK-NEXT: [[C:%[a-z0-9_]+]] = isa.kernel ({{%[a-z0-9_]+}} = [[B]], {{.*}}) to (%{{[a-z0-9_]+}} = [[B]]) {{.*}} -> tensor<1x4x8x8x16xi8>
// CHECK-NEXT: isa.kernel ({{%[a-z0-9_]+}} = [[C]], {{.*}}) to (%{{[a-z0-9_]+}}) {{.*}} -> tensor<1x1x8x8x16xi8>
// CHECK-NEXT: affine_nest.for
// CHECK-NOT: isa.kernel
// CHECK-NOT: affine_nest.for
