// A program file is an archive: instructions, constants, symbols, host steps, configuration, sums.
// RUN: rm -rf %t && mkdir %t
// RUN: nopt %s -p vta -t vta-program -o %t/a.vta
// RUN: nopt %s -p vta -t 'vta-program{entry=main}' -o %t/b.vta
// RUN: cmp %t/a.vta %t/b.vta
// RUN: python -m zipfile -e %t/a.vta %t/a
// RUN: filecheck %s < %t/a/manifest.json
// RUN: filecheck %s --check-prefix HOST < %t/a/host.txt
// RUN: filecheck %s --check-prefix SUMS < %t/a/SHA256SUMS
// RUN: ls %t/a/constants | filecheck %s --check-prefix CONSTANTS

// The host lays out %x and %y; the core computes in between.
func.func @main(%x: tensor<4x20xi8>) -> tensor<4x10xi8> {
  %w = graph.constant dense<3> : tensor<20x10xi8>
  %p = graph.matmul %x, %w : (tensor<4x20xi8>, tensor<20x10xi8>) -> tensor<4x10xi32>
  %y = graph.requantize %p shift 4 : tensor<4x10xi32> -> tensor<4x10xi8>
  func.return %y : tensor<4x10xi8>
}

// CHECK: "format": "nopt-program",
// CHECK-NEXT: "version": 3,
// CHECK-NEXT: "config": {
// CHECK-NEXT: "name": "rtl",
// CHECK: "symbols": [
// CHECK: "name": "x_1",
// CHECK-NEXT: "address": 512,
// CHECK-NEXT: "shape": [
// CHECK-NEXT: 4,
// CHECK-NEXT: 2,
// CHECK-NEXT: 16
// CHECK-NEXT: ],
// CHECK-NEXT: "dtype": "int8",
// CHECK-NEXT: "kind": "buffer"
// CHECK: "name": "w",
// CHECK-NEXT: "address": 0,
// CHECK: "kind": "constant"
// CHECK: "name": "y",
// CHECK-NEXT: "address": 768,
// CHECK: "kind": "buffer"
// CHECK: "name": "micro_ops",
// CHECK-NEXT: "address": 1024,
// CHECK: "kind": "uop"
// CHECK: "steps": [
// CHECK: "function": "host_0",
// CHECK-NEXT: "inputs": [
// CHECK-NEXT: "x"
// CHECK-NEXT: ],
// CHECK-NEXT: "outputs": [
// CHECK-NEXT: "x_1"
// CHECK: "first": 0,
// CHECK-NEXT: "count": {{[0-9]+}}
// CHECK: "function": "host_1",
// CHECK-NEXT: "inputs": [
// CHECK-NEXT: "y"
// CHECK: "inputs": [
// CHECK-NEXT: {
// CHECK-NEXT: "name": "x",
// CHECK: "outputs": [
// CHECK-NEXT: {
// CHECK-NEXT: "name": "y_1",
// CHECK-NEXT: "shape": [
// CHECK-NEXT: 4,
// CHECK-NEXT: 10
// CHECK: "layers": [
// CHECK-NEXT: {
// CHECK-NEXT: "name": "y",
// CHECK-NEXT: "first": 0,
// CHECK-NEXT: "count": 10,
// CHECK-NEXT: "result": "y",

// HOST: func.func @host_0(%x: tensor<4x20xi8>) -> tensor<4x2x16xi8> {
// HOST: func.func @host_1(%y: tensor<4x1x16xi8>) -> tensor<4x10xi8> {

// SUMS: {{[0-9a-f]+}}  manifest.json
// SUMS-NEXT: {{[0-9a-f]+}}  instructions.bin
// SUMS-NEXT: {{[0-9a-f]+}}  host.txt
// SUMS-NEXT: {{[0-9a-f]+}}  constants/0.bin
// SUMS-NEXT: {{[0-9a-f]+}}  constants/1.bin

// CONSTANTS: {{^}}0.bin
// CONSTANTS-NEXT: {{^}}1.bin
