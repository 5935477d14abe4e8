// A layer's size shows in the fields of its instructions, not in their number: the same convolution on
// 14 x 14, 56 x 56 and 224 x 224 pixels is the same instructions, which run more often. The epilogue
// stands there twice: for tiles, and for strips of the last one.
// RUN: sed 's/SIZE/14/g' %s | nopt -p vta | grep -o ' isa[.][a-z]*' | sort > %t.14
// RUN: sed 's/SIZE/56/g' %s | nopt -p vta | grep -o ' isa[.][a-z]*' | sort > %t.56
// RUN: sed 's/SIZE/224/g' %s | nopt -p vta | grep -o ' isa[.][a-z]*' | sort > %t.224
// RUN: diff %t.14 %t.56
// RUN: diff %t.14 %t.224
// RUN: filecheck %s < %t.14

// CHECK-COUNT-6: isa.alu
// CHECK-NEXT: isa.gemm
// CHECK-NEXT: isa.gemm
// CHECK-NEXT: isa.gemm
// CHECK-NEXT: isa.kernel
// CHECK-NEXT: isa.load
// CHECK-NEXT: isa.load
// CHECK-NEXT: isa.load
// CHECK-NEXT: isa.load
// CHECK-NEXT: isa.reset
// CHECK-NEXT: isa.store
// CHECK-NEXT: isa.store
// CHECK-NOT: isa

func.func @main(%x: tensor<1x64xSIZExSIZExi8>) -> tensor<1x64xSIZExSIZExi8> {
  %w = graph.constant dense<3> : tensor<64x64x3x3xi8>
  %b = graph.constant dense<700> : tensor<64x1x1xi32>
  %c = graph.conv2d %x, %w pads [1, 1, 1, 1] : (tensor<1x64xSIZExSIZExi8>, tensor<64x64x3x3xi8>) -> tensor<1x64xSIZExSIZExi32>
  %s = graph.add %c, %b : (tensor<1x64xSIZExSIZExi32>, tensor<64x1x1xi32>) -> tensor<1x64xSIZExSIZExi32>
  %y = graph.requantize %s shift 9 : tensor<1x64xSIZExSIZExi32> -> tensor<1x64xSIZExSIZExi8>
  func.return %y : tensor<1x64xSIZExSIZExi8>
}
