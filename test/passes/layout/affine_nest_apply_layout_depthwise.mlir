// RUN: nopt %s -p canonicalize,convert-graph-to-affine-nest,affine-nest-fuse,affine-nest-simplify,affine-nest-infer-layout,affine-nest-apply-layout | filecheck %s
// A depthwise convolution sums over windows, of channels it keeps: those are the lanes of what
// computes them, not its columns.

// CHECK: %a = affine_nest.for (%n, %cb_1, %h, %w_3, %cl_1) = (1, 2, 8, 8, 16) reduce
// CHECK: %y = affine_nest.for ({{.*}}) = (1, 2, 8, 8, 16) reduce
func.func @main(%x: tensor<1x24x8x8xi8>) -> tensor<1x24x8x8xi8> {
  %w = graph.constant dense<1> : tensor<24x24x1x1xi8>
  %v = graph.constant dense<2> : tensor<24x1x3x3xi8>
  %0 = graph.conv2d %x, %w : (tensor<1x24x8x8xi8>, tensor<24x24x1x1xi8>) -> tensor<1x24x8x8xi32>
  %a = graph.requantize %0 shift 5 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  %1 = graph.conv2d %a, %v pads [1, 1, 1, 1] groups 24 : (tensor<1x24x8x8xi8>, tensor<24x1x3x3xi8>) -> tensor<1x24x8x8xi32>
  %y = graph.requantize %1 shift 5 : tensor<1x24x8x8xi32> -> tensor<1x24x8x8xi8>
  return %y : tensor<1x24x8x8xi8>
}
