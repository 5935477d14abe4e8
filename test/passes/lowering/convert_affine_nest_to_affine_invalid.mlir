// RUN: nopt %s --split-input-file --verify-diagnostics -p convert-affine-nest-to-affine | filecheck %s
// What has no loops is named.

func.func @f(%x: tensor<4xi8>) -> tensor<4xi8> {
  %y = graph.relu %x : tensor<4xi8>
  return %y : tensor<4xi8>
}
// CHECK: error: pass 'convert-affine-nest-to-affine': 'graph.relu' op has no loops; convert it to a nest first

// -----

func.func @f(%x: tensor<4xi8>) -> tensor<4xi8> {
  cf.br ^next
^next:
  return %x : tensor<4xi8>
}
// CHECK: error: pass 'convert-affine-nest-to-affine': 'func.func' op expected a body of one block, found 2

// -----

func.func @packs(%x: tensor<2x2xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 2)>, affine_nest.packs = tensor<4xi8>}) {
  return
}
func.func @caller(%x: tensor<2x2xi8>) {
  func.call @packs(%x) : (tensor<2x2xi8>) -> ()
  return
}
// CHECK: error: pass 'convert-affine-nest-to-affine': 'func.call' op gives @packs what it takes packed; only callers outside can
