// RUN: rm -rf %t && mkdir %t && python %S/Inputs/samples.py %t
// RUN: nopt %s -p 'graph-quantize{calibration=%t/samples.npz centre=false}' -o %t/mixed.mlir 2>&1 | filecheck %s --check-prefix TABLE
// RUN: filecheck %s --input-file %t/mixed.mlir
// RUN: nopt %t/mixed.mlir -p 'vta{until=graph-partition}' -t partition-report | filecheck %s --check-prefix REPORT
// RUN: nopt %s -p 'graph-quantize{calibration=%t/samples.npz target=0.0}' 2>&1 | filecheck %s --check-prefix INTEGERS
// RUN: not nopt %s -p 'graph-quantize{calibration=%t/samples.npz target=-1.0}' 2>&1 | filecheck %s --check-prefix NEGATIVE

// The second channel is lost in steps of the first one's scale, and nothing else is read. So few
// numbers are seen that results have one scale for all channels; both convolutions stay float.
func.func @main(%x: tensor<1x2x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = graph.constant dense<[[[[100000.0]], [[0.0]]], [[[0.0]], [[1.0]]]]> : tensor<2x2x1x1xf32>
  %v = graph.constant dense<[[[[0.0]], [[1.0]]]]> : tensor<1x2x1x1xf32>
  %a = graph.conv2d %x, %w : (tensor<1x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %b = graph.relu %a : tensor<1x2x2x2xf32>
  %y = graph.conv2d %b, %v : (tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x2x2xf32>
  return %y : tensor<1x1x2x2xf32>
}

// TABLE: note: as integers, the outputs had 0.0 dB; 2 of the network's tensors stay float, on the host, for a target of 15 dB: now inf dB
// TABLE-NEXT: tensor {{ *}}SNR dB  multiplications    share
// TABLE-NEXT: b {{ *}}{{[0-9.]+}}               16   66.7 %
// TABLE-NEXT: y {{ *}}-0.0                8   33.3 %
// TABLE-NEXT: together {{ *}}24  100.0 %

// CHECK: %a = graph.conv2d %x, %w {placement = "host", host_reason = "it stays float: as integers, outputs had 0.0 dB"} : (tensor<1x2x2x2xf32>
// CHECK: %b = graph.relu %a {placement = "host", host_reason =
// CHECK: %y = graph.conv2d %b, %v {placement = "host", host_reason =

// REPORT: 2 conv2d, relu: it stays float: as integers, outputs had

// INTEGERS-NOT: note:
// INTEGERS: graph.conv2d {{.*}} -> tensor<1x1x2x2xi32>
// INTEGERS-NOT: host_reason

// NEGATIVE: error: pass 'graph-quantize': target is -1.0, expected at least 0
