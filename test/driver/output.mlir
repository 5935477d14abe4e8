// An output file is written whole or not at all, and nothing else is left in its folder.
// RUN: rm -rf %t && mkdir %t
// RUN: nopt %s -p cse -o %t/out.mlir
// RUN: filecheck %s --check-prefix OUT < %t/out.mlir
// RUN: not nopt %s -p convert-scf-to-cf,scf-parallel-loop-tiling -o %t/out.mlir
// RUN: echo 'func.func @broken(' > %t/broken.mlir
// RUN: not nopt %t/broken.mlir -o %t/out.mlir
// RUN: filecheck %s --check-prefix OUT < %t/out.mlir
// RUN: not nopt %t/broken.mlir -o %t/other.mlir
// RUN: ls -A %t | filecheck %s --check-prefix FILES
// RUN: nopt %s -p cse -o - | filecheck %s --check-prefix OUT

func.func @f(%x: i32) -> i32 {
  func.return %x : i32
}

// OUT: func.func @f(%x: i32) -> i32
// FILES: {{^}}broken.mlir{{$}}
// FILES-NEXT: {{^}}out.mlir{{$}}
// FILES-NOT: {{.}}
