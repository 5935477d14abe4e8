// What is no program: without a function to run, or not lowered far enough.
// RUN: nopt %s -p vta -o %t.isa.mlir
// RUN: not nopt %t.isa.mlir -t 'vta-asm{entry=start}' -o %t.s 2>&1 | filecheck %s --check-prefix ENTRY
// RUN: not nopt %s -p 'vta{until=convert-affine-nest-to-tensor-intrinsic}' -t vta-asm -o %t.s 2>&1 | filecheck %s --check-prefix LEVEL
// RUN: not nopt %s -t vta-asm -o %t.s 2>&1 | filecheck %s --check-prefix GRAPH
// RUN: not nopt %s -p 'vta{until=affine-nest-schedule}' -t vta-asm -o %t.s 2>&1 | filecheck %s --check-prefix NEST
// RUN: not nopt %t.isa.mlir -t vta-program 2>&1 | filecheck %s --check-prefix BYTES
// RUN: sed 's/isa.gemm acc\[0\]/isa.gemm acc[4096]/' %t.isa.mlir > %t.far.mlir
// RUN: not nopt %t.far.mlir -t vta-asm -o %t.s 2>&1 | filecheck %s --check-prefix FAR
// RUN: sed 's/outer 1 by (0, 0, 0)/outer 99999 by (0, 0, 0)/' %t.isa.mlir > %t.long.mlir
// RUN: not nopt %t.long.mlir -t vta-asm -o %t.s 2>&1 | filecheck %s --check-prefix LONG
// RUN: not ls %t.s

// ENTRY: {{^}}error: target 'vta-asm': expected a function @start, found @main, @other{{$}}
// GRAPH: {{^}}error: target 'vta-asm': found no isa.kernel and no machine, expected the result of -p vta{{$}}
// NEST: assemble.mlir:{{[0-9:]+}} error: target 'vta-asm': 'affine_nest.for' op expected isa.kernel for what is placed on the core; run -p vta first
// LEVEL: error: target 'vta-asm': {{.*}}expected isa.kernel; run convert-tensor-intrinsic-to-isa first
// FAR: far.mlir:{{[0-9]+}}:5: error: target 'vta-asm': 'isa.kernel' op {{.*}}found 4096, expected 0 to 2047 (11 bits)
// LONG: long.mlir:{{[0-9]+}}:5: error: target 'vta-asm': 'isa.kernel' op instruction 4: iter_out: found 99999, expected 0 to 16383 (14 bits)
// BYTES: {{^}}error: target 'vta-program' writes bytes: give a file, -o FILE (stdout: -o -){{$}}

func.func @main(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>) -> tensor<8x16xi8> {
  %y = graph.matmul %x, %w : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi32>
  %z = graph.requantize %y shift 4 : tensor<8x16xi32> -> tensor<8x16xi8>
  func.return %z : tensor<8x16xi8>
}

func.func @other() {
  func.return
}
