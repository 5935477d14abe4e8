// RUN: nopt %s -p raise-affine-to-nest,vta -t vta-program -o %t.vta
// RUN: python -c "import numpy as np; np.save('%t.x.npy', (np.arange(64, dtype=np.uint8) * 37).reshape(8, 8).view(np.int8)); np.save('%t.n.npy', np.int32(9))"
// RUN: nopt-run %t.vta -i %t.x.npy -i %t.n.npy -o %t.y.npy
// RUN: python -c "import numpy as np; from numpy.lib.stride_tricks import sliding_window_view as windows; x = np.load('%t.x.npy').view(np.uint8).astype(int); np.testing.assert_array_equal(np.load('%t.y.npy'), windows(x, (3, 3)).sum((2, 3)) // 9)"
// RUN: python -c "import numpy as np; np.save('%t.n.npy', np.int32(0))"
// RUN: not nopt-run %t.vta -i %t.x.npy -i %t.n.npy 2>&1 | filecheck %s
// An average pool as loops: unsigned pixels, sums of them divided by a number that is given.

func.func @main(%x: memref<8x8xi8>, %n: memref<i32>, %y: memref<6x6xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 6 {
    affine.for %j = 0 to 6 {
      %s = affine.for %u = 0 to 3 iter_args(%a = %zero) -> (i32) {
        %t = affine.for %v = 0 to 3 iter_args(%b = %a) -> (i32) {
          %p = affine.load %x[%i + %u, %j + %v] : memref<8x8xi8>
          %e = arith.extui %p : i8 to i32
          %c = arith.addi %b, %e : i32
          affine.yield %c : i32
        }
        affine.yield %t : i32
      }
      %count = affine.load %n[] : memref<i32>
      %d = arith.divsi %s, %count : i32
      affine.store %d, %y[%i, %j] : memref<6x6xi32>
    }
  }
  return
}
// CHECK: 'arith.divsi' divides by zero
