// RUN: nopt %s --split-input-file --verify-diagnostics -p raise-affine-to-nest | filecheck %s
// What is refused: the place, and why. Nothing is printed of a function that is refused.

// What one turn stores the next one loads.
func.func @stencil(%x: memref<8xi8>) {
  affine.for %i = 1 to 7 {
    %a = affine.load %x[%i - 1] : memref<8xi8>
    affine.store %a, %x[%i] : memref<8xi8>
  }
  return
}
// CHECK: :7:5: error: pass 'raise-affine-to-nest': 'affine.load' op gets from %x at (%i = 2) what was stored by the store of line 8 at (%i = 1): a dependence that the loops carry, and not a sum, maximum or minimum

// -----

// An index that leaves its memref.
func.func @outside(%x: memref<8xi8>, %y: memref<8xi8>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i + 1] : memref<8xi8>
    affine.store %a, %y[%i] : memref<8xi8>
  }
  return
}
// CHECK: :19:5: error: pass 'raise-affine-to-nest': 'affine.load' op reaches outside of %x, memref<8xi8>

// -----

// A running value is stored: a prefix sum.
func.func @scan(%x: memref<8xi32>, %y: memref<8xi32>) {
  %c0 = arith.constant 0 : i32
  %s = affine.for %i = 0 to 8 iter_args(%acc = %c0) -> (i32) {
    %a = affine.load %x[%i] : memref<8xi32>
    %n = arith.addi %acc, %a : i32
    affine.store %n, %y[%i] : memref<8xi32>
    affine.yield %n : i32
  }
  return
}
// CHECK: :33:5: error: pass 'raise-affine-to-nest': 'arith.addi' op uses the running value of a loop other than to add to it

// -----

// A value carried by the loop that no reduction is.
func.func @horner(%x: memref<8xi32>, %y: memref<1xi32>) {
  %c0 = arith.constant 0 : i32
  %s = affine.for %i = 0 to 8 iter_args(%acc = %c0) -> (i32) {
    %a = affine.load %x[%i] : memref<8xi32>
    %m = arith.muli %acc, %a : i32
    %n = arith.addi %m, %a : i32
    affine.yield %n : i32
  }
  affine.store %s, %y[0] : memref<1xi32>
  return
}
// CHECK: :46:3: error: pass 'raise-affine-to-nest': 'affine.for' op carries %acc from turn to turn, which is not a sum, maximum or minimum

// -----

// Floats are not added in another order unasked.
func.func @float(%x: memref<8xf32>, %y: memref<1xf32>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xf32>
    %b = affine.load %y[0] : memref<1xf32>
    %m = arith.addf %b, %a : f32
    affine.store %m, %y[0] : memref<1xf32>
  }
  return
}
// CHECK: :65:5: error: pass 'raise-affine-to-nest': 'affine.store' op sums floats in an order that a nest does not keep; the pass option reassociate=true allows another order

// -----

// Calls.
func.func @call(%x: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xi32>
    %c = func.call @f(%a) : (i32) -> i32
    affine.store %c, %x[%i] : memref<8xi32>
  }
  return
}
func.func private @f(i32) -> i32
// CHECK: :77:5: error: pass 'raise-affine-to-nest': 'func.call' op has no form in a nest; inline it first

// -----

// Bounds that are not known.
func.func @bound(%n: index, %x: memref<8xi32>) {
  %c = arith.constant 1 : i32
  affine.for %i = 0 to %n {
    affine.store %c, %x[%i] : memref<8xi32>
  }
  return
}
// CHECK: :90:3: error: pass 'raise-affine-to-nest': 'affine.for' op has an index or bound by an argument, expected loops and numbers

// -----

// Two statements that feed each other.
func.func @twice(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xi32>
    affine.store %a, %y[%i] : memref<8xi32>
    %b = affine.load %y[7 - %i] : memref<8xi32>
    affine.store %b, %x[%i] : memref<8xi32>
  }
  return
}
// CHECK: :104:5: error: pass 'raise-affine-to-nest': 'affine.load' op gets from %y at (%i = 3) what was stored before the function: a dependence that the loops carry, and not a sum, maximum or minimum

// -----

// An element that a later turn of another store replaces.
func.func @overwritten(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xi32>
    affine.store %a, %y[0] : memref<8xi32>
    affine.store %a, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :117:5: error: pass 'raise-affine-to-nest': 'affine.store' op leaves %y[0] to the caller, which a store that follows in the text would replace: these loops cannot be taken apart

// -----

// Scalar results.
func.func @returned(%x: memref<8xi32>) -> i32 {
  %a = affine.load %x[3] : memref<8xi32>
  return %a : i32
}
// CHECK: :129:3: error: pass 'raise-affine-to-nest': 'func.return' op returns i32, expected a memref; store it to one

// -----

// A load from what nobody stored.
func.func @nothing(%y: memref<8xi32>) {
  %t = memref.alloc() : memref<8xi32>
  affine.for %i = 0 to 8 {
    %a = affine.load %t[%i] : memref<8xi32>
    affine.store %a, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :139:5: error: pass 'raise-affine-to-nest': 'affine.load' op loads from %t, where nothing was stored before

// -----

// Memrefs with a layout.
func.func @layout(%x: memref<8xi32, strided<[2]>>) {
  return
}
// CHECK: :149:1: error: pass 'raise-affine-to-nest': 'func.func' op has memref<8xi32, strided<[2]>> with a layout, expected elements row by row

// -----

// A product is no reduction of nests.
func.func @middle(%x: memref<8x8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 8 {
      affine.for %k = 0 to 8 {
        %a = affine.load %x[%i, %k] : memref<8x8xi32>
        %b = affine.load %y[%j] : memref<8xi32>
        %c = arith.muli %a, %b : i32
        affine.store %c, %y[%j] : memref<8xi32>
      }
    }
  }
  return
}
// CHECK: :162:9: error: pass 'raise-affine-to-nest': 'affine.load' op gets from %y at (%i = 0, %j = 0, %k = 1) what was stored by the store of line 164 at (%i = 0, %j = 0, %k = 0): a dependence that the loops carry, and not a sum, maximum or minimum
// -----

// An index that is a minimum.
func.func @edge(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %n = affine.min affine_map<(d0) -> (d0 + 1, 7)>(%i)
    %a = affine.load %x[%n] : memref<8xi32>
    affine.store %a, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :177:5: error: pass 'raise-affine-to-nest': 'affine.load' op has an index that is a minimum, expected one affine expression

// -----

// Columns in the order of rows, in one loop.
func.func @order(%x: memref<10x7xi32>, %y: memref<70xi32>) {
  affine.for %i = 0 to 70 {
    %a = affine.load %x[%i floordiv 7, %i mod 7] : memref<10x7xi32>
    affine.store %a, %y[%i * 10 - (%i floordiv 7) * 69] : memref<70xi32>
  }
  return
}
// CHECK: :189:5: error: pass 'raise-affine-to-nest': 'affine.load' op goes through memrefs in an order whose inverse is not one affine map

// -----

// An index that another element gives.
func.func @gather(%x: memref<8xi32>, %n: memref<8xindex>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %k = affine.load %n[%i] : memref<8xindex>
    %a = memref.load %x[%k] : memref<8xi32>
    affine.store %a, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :202:5: error: pass 'raise-affine-to-nest': 'memref.load' op has an index or bound computed by 'affine.load', which is not affine

// -----

// Vectors.
func.func @vectors(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 step 4 {
    %a = "affine.vector_load"(%x, %i) <{map = affine_map<(d0) -> (d0)>}> : (memref<8xi32>, index) -> vector<4xi32>
    "affine.vector_store"(%a, %y, %i) <{map = affine_map<(d0) -> (d0)>}> : (vector<4xi32>, memref<8xi32>, index) -> ()
  }
  return
}
// CHECK: :214:5: error: pass 'raise-affine-to-nest': 'affine.vector_load' op has no form in a nest; read single elements

// -----

// Several turns of a stencil.
func.func @turns(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %t = 0 to 3 {
    affine.for %i = 1 to 7 {
      %a = affine.load %x[%i - 1] : memref<8xi32>
      affine.store %a, %y[%i] : memref<8xi32>
    }
    affine.for %i = 1 to 7 {
      %a = affine.load %y[%i] : memref<8xi32>
      affine.store %a, %x[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK: :227:7: error: pass 'raise-affine-to-nest': 'affine.load' op gets from %x at (%t = 1, %i = 2) what was stored by the store of line 232 at (%t = 0, %i = 1): a dependence that the loops carry, and not a sum, maximum or minimum

// -----

// Under a condition that keeps zeros away; a nest would divide by them.
func.func @quotients(%x: memref<8xi32>, %n: memref<8xi32>, %y: memref<8xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xi32>
    %b = affine.load %n[%i] : memref<8xi32>
    %q = affine.if affine_set<(d0) : (d0 - 2 >= 0)>(%i) -> i32 {
      %d = arith.divsi %a, %b : i32
      affine.yield %d : i32
    } else {
      affine.yield %zero : i32
    }
    affine.store %q, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :248:7: error: pass 'raise-affine-to-nest': 'arith.divsi' op divides at some points only, by what may be zero at others, where a nest computes, too; divide by a number other than 0

// -----

// Scalars that no interpreter computes with.
func.func @halves(%x: memref<8xbf16>, %y: memref<8xbf16>) {
  affine.for %i = 0 to 8 {
    %a = affine.load %x[%i] : memref<8xbf16>
    %b = arith.addf %a, %a : bf16
    affine.store %b, %y[%i] : memref<8xbf16>
  }
  return
}
// CHECK: :265:5: error: pass 'raise-affine-to-nest': 'arith.addf' op of bf16 is not supported in a nest's body

// -----

func.func @selected(%x: memref<8xi32>, %y: memref<8xi32>) {
  %c3 = arith.constant 3 : index
  affine.for %i = 0 to 8 {
    %c = arith.cmpi slt, %i, %c3 : index
    %k = arith.select %c, %i, %c3 : index
    %v = memref.load %x[%k] : memref<8xi32>
    affine.store %v, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK: :279:5: error: pass 'raise-affine-to-nest': 'memref.load' op has an index that is selected, expected one affine expression

// -----

func.func @nothing(%x: memref<8xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = max affine_map<() -> ()>() to 8 {
    affine.store %zero, %x[%i] : memref<8xi32>
  }
  return
}
// CHECK: :290:3: error: pass 'raise-affine-to-nest': 'affine.for' op has a bound that is the maximum or minimum of nothing

// -----

func.func @least_of_nothing(%x: memref<8xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 8 {
    %m = affine.min affine_map<(d0) -> ()>(%i)
    affine.store %zero, %x[symbol(%m)] : memref<8xi32>
  }
  return
}
// CHECK: :303:5: error: pass 'raise-affine-to-nest': 'affine.store' op has an index or bound that is the minimum of nothing

// -----

func.func @divides(%x: memref<8xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 8 {
    affine.if affine_set<(d0) : (d0 floordiv 0 >= 0)>(%i) {
      affine.store %zero, %x[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK: :314:5: error: pass 'raise-affine-to-nest': 'affine.if' op expected a positive constant divisor, found 0

// -----

func.func @operands(%x: memref<8xi32>) {
  %zero = arith.constant 0 : i32
  affine.for %i = 0 to 8 {
    affine.if affine_set<(d0, d1) : (d0 + d1 >= 0)>(%i) {
      affine.store %zero, %x[%i] : memref<8xi32>
    }
  }
  return
}
// CHECK: :327:5: error: pass 'raise-affine-to-nest': 'affine.if' op has 1 operands for 2 dimensions and symbols

// -----

// As mlir-opt 16 prints it.
func.func @carries(%x: memref<8xi32>, %y: memref<i32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0 : i32
  %s = scf.parallel (%i) = (%c0) to (%c8) step (%c1) init (%zero) -> i32 {
    %v = memref.load %x[%i] : memref<8xi32>
    scf.reduce(%v) : i32 {
    ^bb0(%l: i32, %r: i32):
      %t = arith.addi %l, %r : i32
      scf.reduce.return %t : i32
    }
    scf.yield
  }
  memref.store %s, %y[] : memref<i32>
  return
}
// CHECK: :343:3: error: pass 'raise-affine-to-nest': 'scf.parallel' op carries values in parallel, expected scf.for with iter_args

// -----

// Elements that are no numbers of a nest.
func.func @of_vectors(%x: memref<4xvector<4xi8>>, %y: memref<vector<4xi8>>) {
  affine.for %i = 0 to 4 {
    %a = affine.load %x[%i] : memref<4xvector<4xi8>>
    %b = affine.load %y[] : memref<vector<4xi8>>
    %c = arith.addi %a, %b : vector<4xi8>
    affine.store %c, %y[] : memref<vector<4xi8>>
  }
  return
}
// CHECK: :362:5: error: pass 'raise-affine-to-nest': 'affine.load' op accesses vector<4xi8>, expected integers or floats

// -----

func.func @long(%y: memref<1073741824xi8>) {
  affine.for %i = 0 to 1073741824 {
    %a = arith.index_cast %i : index to i8
    affine.store %a, %y[%i] : memref<1073741824xi8>
  }
  return
}
// CHECK: :375:5: error: pass 'raise-affine-to-nest': 'arith.index_cast' op has 1073741824 values, expected at most 16777216
