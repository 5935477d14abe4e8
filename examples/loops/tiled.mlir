// y = L x with a lower triangular L, in tiles of 32, the last one partial.
func.func @product(%l: memref<100x100xi32>, %x: memref<100xi32>, %y: memref<100xi32>) {
  affine.for %i0 = 0 to 100 step 32 {
    affine.for %i = affine_map<(d0) -> (d0)>(%i0) to min affine_map<(d0) -> (d0 + 32, 100)>(%i0) {
      affine.for %j = 0 to affine_map<(d0) -> (d0 + 1)>(%i) {
        %a = affine.load %l[%i, %j] : memref<100x100xi32>
        %b = affine.load %x[%j] : memref<100xi32>
        %p = arith.muli %a, %b : i32
        %c = affine.load %y[%i] : memref<100xi32>
        %s = arith.addi %c, %p : i32
        affine.store %s, %y[%i] : memref<100xi32>
      }
    }
  }
  return
}
