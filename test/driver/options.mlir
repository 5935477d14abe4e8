// What xDSL's driver can do, nopt can: here the options that touch what nopt changes.
// RUN: nopt %s -p cse,canonicalize --print-between-passes --time-passes | filecheck %s --check-prefix BETWEEN
// RUN: nopt %s --print-debuginfo | filecheck %s --check-prefix PLACES
// RUN: nopt %s --print-op-generic | filecheck %s --check-prefix GENERIC
// RUN: nopt - < %s | filecheck %s --check-prefix STDIN
// RUN: nopt --version | filecheck %s --check-prefix VERSION

func.func @f(%x: i32) -> i32 {
  %y = arith.addi %x, %x : i32
  %z = arith.addi %x, %x : i32
  %s = arith.addi %y, %z : i32
  func.return %s : i32
}

// BETWEEN: Pass cse took {{.*}} seconds
// BETWEEN-NEXT: IR after cse:
// BETWEEN: %s = arith.addi %y, %y : i32
// BETWEEN: Pass canonicalize took {{.*}} seconds
// BETWEEN: %s = arith.addi %y, %y : i32

// PLACES: %y = arith.addi %x, %x : i32 loc("{{.*}}options.mlir":9:3)
// PLACES-NEXT: %z = arith.addi %x, %x : i32 loc("{{.*}}options.mlir":10:3)
// GENERIC: %y = "arith.addi"(%x, %x)
// STDIN: %y = arith.addi %x, %x : i32
// VERSION: nopt {{[0-9.]+}} on xDSL 0.75
