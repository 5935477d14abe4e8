// RUN: nopt %s -p graph-partition --remarks 2>&1 >%t | filecheck %s
// A network that nobody quantized: how to bring it to the core.

func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x16xf32>) -> tensor<8x16xf32> {
  %y = graph.matmul %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  return %y : tensor<8x16xf32>
}
// CHECK: floats.mlir:5:3: remark: '%y' runs on the host: it computes with f32; the core computes with integers
// CHECK-NEXT: floats.mlir:4:1: remark: '@main' has nothing for the core; graph-quantize makes integers of floats
