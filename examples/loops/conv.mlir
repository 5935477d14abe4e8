// What a C frontend for MLIR makes of conv.c: memrefs, affine loops, sizes in front left open.
module {
  func.func @conv(%arg0: memref<?x16x16xi8>, %arg1: memref<?x16x3x3xi8>, %arg2: memref<?xi32>, %arg3: memref<?x14x14xi8>) attributes {llvm.linkage = #llvm.linkage<external>} {
    %c0_i32 = arith.constant 0 : i32
    %c8_i32 = arith.constant 8 : i32
    %c127_i32 = arith.constant 127 : i32
    %c128_i32 = arith.constant 128 : i32
    affine.for %arg4 = 0 to 32 {
      affine.for %arg5 = 0 to 14 {
        affine.for %arg6 = 0 to 14 {
          %0 = affine.load %arg2[%arg4] : memref<?xi32>
          %1 = affine.for %arg7 = 0 to 16 iter_args(%arg8 = %0) -> (i32) {
            %9 = affine.for %arg9 = 0 to 3 iter_args(%arg10 = %arg8) -> (i32) {
              %10 = affine.for %arg11 = 0 to 3 iter_args(%arg12 = %arg10) -> (i32) {
                %11 = affine.load %arg0[%arg7, %arg5 + %arg9, %arg6 + %arg11] : memref<?x16x16xi8>
                %12 = arith.extsi %11 : i8 to i32
                %13 = affine.load %arg1[%arg4, %arg7, %arg9, %arg11] : memref<?x16x3x3xi8>
                %14 = arith.extsi %13 : i8 to i32
                %15 = arith.muli %12, %14 : i32
                %16 = arith.addi %arg12, %15 : i32
                affine.yield %16 : i32
              }
              affine.yield %10 : i32
            }
            affine.yield %9 : i32
          }
          %2 = arith.addi %1, %c128_i32 : i32
          %3 = arith.shrsi %2, %c8_i32 : i32
          %4 = arith.cmpi slt, %3, %c0_i32 : i32
          %5 = arith.cmpi sgt, %3, %c127_i32 : i32
          %6 = arith.select %5, %c127_i32, %3 : i32
          %7 = arith.select %4, %c0_i32, %6 : i32
          %8 = arith.trunci %7 : i32 to i8
          affine.store %8, %arg3[%arg4, %arg5, %arg6] : memref<?x14x14xi8>
        }
      }
    }
    return
  }
}
