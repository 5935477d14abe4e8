// RUN: nopt %s -p graph-partition | filecheck %s
// A machine that no graph is compiled for: all of it stays on the host.

builtin.module attributes {isa.machine = {LOG_BATCH = 1, LOG_BLOCK_IN = 3, LOG_BLOCK_OUT = 4, LOG_INP_BUFF_SIZE = 14, LOG_WGT_BUFF_SIZE = 17, LOG_ACC_BUFF_SIZE = 16}} {
  func.func @main(%x: tensor<64x64xi8>) -> tensor<64x64xi8> {
    %y = graph.relu %x : tensor<64x64xi8>
    return %y : tensor<64x64xi8>
  }
}
// CHECK: %y = graph.relu %x {placement = "host", host_reason = "LOG_BLOCK_IN is 3 and LOG_BLOCK_OUT 4; with a batch (LOG_BATCH is 1), cores are compiled for if they are equal"} :
