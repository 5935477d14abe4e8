// The first layer of a small network with the mapping of a Timeloop reference design: docs/arrays.md.
func.func @main(%Inputs: tensor<1x3x225x225xi8>, %Weights: tensor<3x32x3x3xi8>) -> tensor<1x32x112x112xi32> {
  %Outputs = affine_nest.for (%N, %M, %Q, %P) = (1, 32, 112, 112) reduce (%C, %R, %S) = (3, 3, 3) {
    %a = affine_nest.load %Inputs[%N, %C, %P * 2 + %R, %Q * 2 + %S] : tensor<1x3x225x225xi8>
    %b = affine_nest.load %Weights[%C, %M, %R, %S] : tensor<3x32x3x3xi8>
    %x = arith.extsi %a : i8 to i32
    %w = arith.extsi %b : i8 to i32
    %p = arith.muli %x, %w : i32
    %s = affine_nest.reduce add %p : i32
    affine_nest.yield %s : i32
  } attributes {mapping = #affine_nest.mapping<"eyeriss_like", DRAM (P 8, Q 2, M 4), shared_glb (P 14, Q 4), inter_PE_column_spatial (Q 14), inter_PE_spatial (C 3, S 3), weights_spad (R 3), psum_spad (M 8)>} : tensor<1x32x112x112xi32>
  return %Outputs : tensor<1x32x112x112xi32>
}
