// A pass may make resources of a file that names nothing of the builtin dialect.
// RUN: nopt %s -p vta | filecheck %s
// RUN: nopt %s -p vta | nopt -t vta-program -o %t.vta

// CHECK: graph.constant dense_resource<[[KEY:.*]]> : tensor<
// CHECK: dialect_resources
// CHECK: [[KEY]]: "0x

func.func @main(%x: tensor<8x32xi8>) -> tensor<8x3xi8> {
  %b = graph.constant dense<[1, 2, 3]> : tensor<3xi32>
  %wide = graph.constant dense<1> : tensor<32x3xi8>
  %y = graph.matmul %x, %wide : (tensor<8x32xi8>, tensor<32x3xi8>) -> tensor<8x3xi32>
  %s = graph.add %y, %b : (tensor<8x3xi32>, tensor<3xi32>) -> tensor<8x3xi32>
  %z = graph.requantize %s shift 4 : tensor<8x3xi32> -> tensor<8x3xi8>
  func.return %z : tensor<8x3xi8>
}
