// RUN: nopt %s -p graph-split-weights | filecheck %s

// 130 is 127 + 3, -200 is -128 - 72: two parts, of which the second is mostly zero.
// CHECK-LABEL: func.func @product(
func.func @product(%x: tensor<3x2xi8>) -> tensor<3x2xi32> {
  %w = graph.constant dense<[[130, 4], [-5, -200]]> : tensor<2x2xi16>
  %y = graph.matmul %x, %w : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  // CHECK-NEXT: [[ONCE:%.*]] = graph.reshape %x : tensor<3x2xi8> -> tensor<3x1x1x2xi8>
  // CHECK-NEXT: [[TWICE:%.*]] = graph.broadcast [[ONCE]] : tensor<3x1x1x2xi8> -> tensor<3x1x2x2xi8>
  // CHECK-NEXT: %x_1 = graph.reshape [[TWICE]] : tensor<3x1x2x2xi8> -> tensor<3x4xi8>
  // CHECK-NEXT: %w = graph.constant dense<{{\[\[}}127, 4], [-5, -128], [3, 0], [0, -72]]> : tensor<4x2xi8>
  // CHECK-NEXT: %y = graph.matmul %x_1, %w : (tensor<3x4xi8>, tensor<4x2xi8>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// Each group has both parts of its weights.
// CHECK-LABEL: func.func @groups(
func.func @groups(%x: tensor<1x2x4x4xi8>) -> tensor<1x2x4x4xi32> {
  %w = graph.constant dense<[[[[130]]], [[[-7]]]]> : tensor<2x1x1x1xi16>
  %y = graph.conv2d %x, %w groups 2 : (tensor<1x2x4x4xi8>, tensor<2x1x1x1xi16>) -> tensor<1x2x4x4xi32>
  // CHECK: graph.broadcast %{{.*}} : tensor<1x2x1x1x4x4xi8> -> tensor<1x2x2x1x4x4xi8>
  // CHECK: %w = graph.constant dense<{{\[\[\[\[}}127]], {{\[\[}}3]]], {{\[\[\[}}-7]], {{\[\[}}0]]]]> : tensor<2x2x1x1xi8>
  // CHECK: %y = graph.conv2d %x_1, %w groups 2 : (tensor<1x4x4x4xi8>, tensor<2x2x1x1xi8>) -> tensor<1x2x4x4xi32>
  return %y : tensor<1x2x4x4xi32>
}

// What fits 8 bits is one part, 255 takes three; what needs more stays, as does what is no constant.
// CHECK-LABEL: func.func @others(
func.func @others(%x: tensor<3x2xi8>, %v: tensor<2x2xi16>) -> (tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>) {
  %w = graph.constant dense<[[1, 2], [3, 127]]> : tensor<2x2xi16>
  %u = graph.constant dense<[[1, 2], [3, 255]]> : tensor<2x2xi16>
  %t = graph.constant dense<[[1, 2], [3, 999]]> : tensor<2x2xi16>
  %a = graph.matmul %x, %w transpose_b : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  %b = graph.matmul %x, %u : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  %d = graph.matmul %x, %t : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  %c = graph.matmul %x, %v : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  // CHECK: %a = graph.matmul %x, %{{.*}} transpose_b : (tensor<3x2xi8>, tensor<2x2xi8>) -> tensor<3x2xi32>
  // CHECK: [[U:%.*]] = graph.constant dense<{{\[\[}}1, 2], [3, 127], [0, 0], [0, 127], [0, 0], [0, 1]]>
  // CHECK: %b = graph.matmul %{{.*}}, [[U]] : (tensor<3x6xi8>, tensor<6x2xi8>) -> tensor<3x2xi32>
  // CHECK: %d = graph.matmul %x, %{{.*}} : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  // CHECK: %c = graph.matmul %x, %v : (tensor<3x2xi8>, tensor<2x2xi16>) -> tensor<3x2xi32>
  return %a, %b, %c, %d : tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>, tensor<3x2xi32>
}
