// RUN: nopt %s -p vta -o %t.mlir 2>&1 | filecheck %s
// RUN: sed 's/LOG_BATCH = 1/LOG_BATCH = 0/' %s | nopt -p vta -o %t.mlir 2>&1 | python -c "import sys; sys.exit(sys.stdin.read() != str())"
// A machine that no graph is compiled for: the host runs all of it, and the user is told.

builtin.module attributes {isa.machine = {LOG_BATCH = 1, LOG_BLOCK_IN = 3, LOG_BLOCK_OUT = 4, LOG_INP_BUFF_SIZE = 14, LOG_WGT_BUFF_SIZE = 17, LOG_ACC_BUFF_SIZE = 16}} {
  func.func @main(%x: tensor<1x32x14x14xi8>, %w: tensor<32x32x3x3xi8>) -> tensor<1x32x14x14xi8> {
    %p = graph.max_pool %x kernel [1, 1] : tensor<1x32x14x14xi8>  -> tensor<1x32x14x14xi8>
    %c = graph.conv2d %p, %w pads [1, 1, 1, 1] : (tensor<1x32x14x14xi8>, tensor<32x32x3x3xi8>) -> tensor<1x32x14x14xi32>
    %y = graph.requantize %c shift 7 : tensor<1x32x14x14xi32> -> tensor<1x32x14x14xi8>
    func.return %y : tensor<1x32x14x14xi8>
  }
}
// CHECK: idle_core.mlir:8:5: warning: '%c' does not run on the core, and nothing else does: LOG_BLOCK_IN is 3 and LOG_BLOCK_OUT 4; with a batch (LOG_BATCH is 1), cores are compiled for if they are equal
