// RUN: nopt %s -p vta -o %t.mlir 2>&1 | filecheck %s
// RUN: sed 's/LOG_UOP_BUFF_SIZE = 2.*}} {$/LOG_BLOCK = 4}} {/' %s | nopt -p vta -o %t.mlir 2>&1 | python -c "import sys; sys.exit(sys.stdin.read() != str())"
// A machine that no tile fits: the host runs all of it, and the user is told.

builtin.module attributes {isa.machine = {LOG_UOP_BUFF_SIZE = 2, LOG_INP_BUFF_SIZE = 4, LOG_WGT_BUFF_SIZE = 8, LOG_ACC_BUFF_SIZE = 6}} {
  func.func @main(%x: tensor<1x32x14x14xi8>, %w: tensor<32x32x3x3xi8>) -> tensor<1x32x14x14xi8> {
    %p = graph.max_pool %x kernel [1, 1] : tensor<1x32x14x14xi8>  -> tensor<1x32x14x14xi8>
    %c = graph.conv2d %p, %w pads [1, 1, 1, 1] : (tensor<1x32x14x14xi8>, tensor<32x32x3x3xi8>) -> tensor<1x32x14x14xi32>
    %y = graph.requantize %c shift 7 : tensor<1x32x14x14xi32> -> tensor<1x32x14x14xi8>
    func.return %y : tensor<1x32x14x14xi8>
  }
}
// CHECK: idle_core.mlir:8:5: warning: '%y' does not run on the core, and nothing else does: no tile of the nest over [1, 2, 14, 14, 2, 3, 3] fits the scratchpads of 'custom': 1 INP, 1 WGT, 1 ACC entries
