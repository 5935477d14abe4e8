// RUN: nopt %s -p 'vta{until=graph-partition}' -t partition-report | filecheck %s --match-full-lines --strict-whitespace
// RUN: nopt %s -p vta -o %t.mlir 2>&1 | filecheck %s --check-prefix WARNING
// RUN: sed 's/LOG_INP_BUFF_SIZE = 6/LOG_INP_BUFF_SIZE = 12/' %s | nopt -p 'vta{until=graph-partition}' -t partition-report | filecheck %s --check-prefix FITS --match-full-lines --strict-whitespace
// RUN: sed 's/LOG_INP_BUFF_SIZE = 6/LOG_INP_BUFF_SIZE = 12/' %s | nopt -p vta -o %t.mlir 2>&1 | python -c "import sys; sys.exit(sys.stdin.read() != str())"
// The partition leaves a convolution to the core; that none of its tiles fits is known when it is scheduled.

builtin.module attributes {isa.machine = {name = "tiny", LOG_INP_BUFF_SIZE = 6 : i64, LOG_WGT_BUFF_SIZE = 18 : i64, LOG_ACC_BUFF_SIZE = 17 : i64}} {
  func.func @main(%x: tensor<1x16x9x9xi8>, %w: tensor<16x16x5x5xi8>) -> tensor<1x16x9x9xi8> {
    %c = graph.conv2d %x, %w pads [2, 2, 2, 2] : (tensor<1x16x9x9xi8>, tensor<16x16x5x5xi8>) -> tensor<1x16x9x9xi32>
    %r = graph.relu %c : tensor<1x16x9x9xi32>
    %y = graph.requantize %r shift 7 : tensor<1x16x9x9xi32> -> tensor<1x16x9x9xi8>
    func.return %y : tensor<1x16x9x9xi8>
  }
}
// CHECK:      ops     MACs    share
// CHECK-NEXT:core    0        0    0.0 %
// CHECK-NEXT:host    3  518,400  100.0 %
// CHECK-NEXT:        3  518,400  100.0 %  conv2d, relu, requantize: no tile of the nest over [1, 1, 9, 9, 1, 5, 5] fits the scratchpads of 'tiny': 4 INP, 1024 WGT, 2048 ACC entries
// WARNING: schedules.mlir:9:5: warning: '%y' does not run on the core, and nothing else does: no tile of the nest over [1, 1, 9, 9, 1, 5, 5] fits the scratchpads of 'tiny': 4 INP, 1024 WGT, 2048 ACC entries
// FITS:      ops     MACs    share
// FITS-NEXT:core    3  518,400  100.0 %
// FITS-NEXT:host    0        0    0.0 %
