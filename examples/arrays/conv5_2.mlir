// conv5_2 of ResNet for four images: docs/arrays.md maps it on an array of 256 PEs.
func.func @main(%x: tensor<4x512x7x7xi16>, %w: tensor<512x512x3x3xi16>) -> tensor<4x512x7x7xi16> {
  %r = affine_nest.for (%n, %m, %h, %v) = (4, 512, 7, 7) reduce (%c, %i, %j) = (512, 3, 3) {
    %a = affine_nest.load %x[%n, %c, %h + %i - 1, %v + %j - 1] pad 0 : tensor<4x512x7x7xi16>
    %b = affine_nest.load %w[%m, %c, %i, %j] : tensor<512x512x3x3xi16>
    %p = arith.muli %a, %b : i16
    %s = affine_nest.reduce add %p : i16
    affine_nest.yield %s : i16
  } : tensor<4x512x7x7xi16>
  return %r : tensor<4x512x7x7xi16>
}
