// Forms of MLIR's own tools, of several versions; each is read, printed, read again, and raised.
// RUN: nopt %s --split-input-file -p raise-affine-to-nest | filecheck %s
// RUN: nopt %s --split-input-file | nopt --split-input-file -p raise-affine-to-nest | filecheck %s
// RUN: nopt %s --split-input-file --print-op-generic | nopt --split-input-file -p raise-affine-to-nest | filecheck %s
// RUN: nopt %s --split-input-file | filecheck %s --check-prefix READ

// What Polygeist's cgeist prints around functions; MLIR 20 writes data layouts with `=`.
module attributes {dlti.dl_spec = #dlti.dl_spec<#dlti.dl_entry<"dlti.endianness", "little">, #dlti.dl_entry<i64, dense<64> : vector<2xi32>>>, llvm.data_layout = "e-m:e"} {
  func.func @kernel(%x: memref<?x32xi32>, %y: memref<?x32xi32>) attributes {llvm.linkage = #llvm.linkage<external>} {
    affine.for %i = 0 to 30 {
      affine.for %j = 0 to 32 {
        %0 = affine.load %x[%i, %j] : memref<?x32xi32>
        affine.store %0, %y[%i, %j] : memref<?x32xi32>
      }
    }
    return
  }
}
// READ: dlti.dl_spec = #dlti.dl_spec<"dlti.endianness" = "little", i64 = dense<64> : vector<2xi32>>
// CHECK-LABEL: func.func @kernel(
// CHECK: affine_nest.for (%i, %j) = (30, 32) {
// CHECK-NEXT: affine_nest.load %x[%i, %j] : tensor<30x32xi32>

// -----

func.func @attributes_of_accesses(%x: memref<8xi32>, %y: memref<8xi32>) {
  affine.for %i = 0 to 8 {
    %v = affine.load %x[%i] {tag = 1 : i32} : memref<8xi32>
    affine.store %v, %y[%i] {tag = 2 : i32} : memref<8xi32>
  }
  return
}
// READ: {tag = 1 : i32} : (memref<8xi32>, index) -> i32
// READ: {tag = 2 : i32} : (i32, memref<8xi32>, index) -> ()
// CHECK-LABEL: func.func @attributes_of_accesses(
// CHECK: affine_nest.load %x[%i] : tensor<8xi32>

// -----

func.func @symbols(%x: memref<8xi32>, %y: memref<8xi32>) {
  %n = arith.constant 7 : index
  affine.for %i = 0 to 8 {
    %v = affine.load %x[symbol(%n) - %i] : memref<8xi32>
    affine.store %v, %y[%i] : memref<8xi32>
  }
  return
}
// CHECK-LABEL: func.func @symbols(
// CHECK: affine_nest.load %x[%i * -1 + 7] : tensor<8xi32>

// -----

func.func @delinearized(%x: memref<2x4xi32>, %y: memref<8xi32>, %z: memref<8xi32>) {
  %a = arith.constant 2 : index
  %b = arith.constant 4 : index
  affine.for %i = 0 to 8 {
    %d:2 = affine.delinearize_index %i into (%a, %b) : index, index
    %v = memref.load %x[%d#0, %d#1] : memref<2x4xi32>
    affine.store %v, %y[%i] : memref<8xi32>
    %e:2 = affine.delinearize_index %i into (4) : index, index
    %w = affine.load %x[%e#0, %e#1] : memref<2x4xi32>
    affine.store %w, %z[%i] : memref<8xi32>
  }
  return
}
// READ: affine.delinearize_index %i into (%a, %b) : index, index
// READ: affine.delinearize_index %i into (4) : index, index
// CHECK-LABEL: func.func @delinearized(
// CHECK: affine_nest.load %x[%i floordiv 4, %i mod 4] : tensor<2x4xi32>
// CHECK: affine_nest.load %x[%[[i:i.*]] floordiv 4, %[[i]] mod 4] : tensor<2x4xi32>

// -----

func.func @parallel(%x: memref<8x4xi32>, %y: memref<8x4xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c8, %c4) step (%c2, %c1) {
    %k = arith.addi %i, %c1 : index
    %v = memref.load %x[%i, %j] : memref<8x4xi32>
    memref.store %v, %y[%i, %j] : memref<8x4xi32>
    %w = memref.load %x[%k, %j] : memref<8x4xi32>
    memref.store %w, %y[%k, %j] : memref<8x4xi32>
    scf.yield
  }
  return
}
// CHECK-LABEL: func.func @parallel(
// CHECK: affine_nest.for (%[[i:.*]], %[[j:.*]]) = (8, 4) {
// CHECK-NEXT: affine_nest.load %x[%[[i]], %[[j]]] : tensor<8x4xi32>

// -----

// Tiles of 4, the last of 2: bounds that are a minimum, whatever says so.
func.func @minima(%x: memref<30xi32>, %y: memref<30xi32>, %z: memref<30xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c30 = arith.constant 30 : index
  scf.for %t = %c0 to %c8 step %c1 {
    %a = arith.muli %t, %c4 : index
    %b = arith.addi %a, %c4 : index
    %m = arith.minsi %b, %c30 : index
    scf.for %i = %a to %m step %c1 {
      %v = memref.load %x[%i] : memref<30xi32>
      memref.store %v, %y[%i] : memref<30xi32>
    }
    %c = arith.cmpi slt, %b, %c30 : index
    %s = arith.select %c, %c4, %c8 : index
    %d = arith.subi %s, %c4 : index
    %l = arith.cmpi eq, %d, %c0 : index
    %n = arith.select %l, %b, %c30 : index
    scf.for %i = %a to %n step %c1 {
      %v = memref.load %x[%i] : memref<30xi32>
      memref.store %v, %z[%i] : memref<30xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @minima(
// CHECK: affine_nest.for (%[[i:.*]]) = (30) {
// CHECK-NEXT: affine_nest.load %x[%[[i]]] : tensor<30xi32>
// CHECK: affine_nest.for (%[[i:.*]]) = (30) {
// CHECK-NEXT: affine_nest.load %x[%[[i]]] : tensor<30xi32>

// -----

// Rows of 3 elements, from the fifth on of 1.
func.func @selected(%x: memref<8x3xi32>, %y: memref<8x3xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  affine.for %i = 0 to 8 {
    %c = arith.cmpi slt, %i, %c4 : index
    %n = arith.select %c, %c3, %c1 : index
    scf.for %j = %c0 to %n step %c1 {
      %v = memref.load %x[%i, %j] : memref<8x3xi32>
      memref.store %v, %y[%i, %j] : memref<8x3xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @selected(
// CHECK: affine_nest.for (%[[i:.*]], %[[j:.*]]) = (8, 3) {
// CHECK-NEXT: %v = affine_nest.load %x[%[[i]], %[[j]]] : tensor<8x3xi32>
// CHECK-NEXT: %y_2 = affine_nest.load %y[%[[i]], %[[j]]] : tensor<8x3xi32>
// CHECK-NEXT: %inside_2 = affine_nest.load %inside[%[[i]] * -1 + 3] pad 0 : tensor<4xi1>
// CHECK-NEXT: %inside_3 = affine_nest.load %inside_1[%[[j]]] pad 0 : tensor<1xi1>
// CHECK-NEXT: %inside_4 = affine_nest.load %inside[%[[i]] - 4] pad 0 : tensor<4xi1>
// CHECK-NEXT: %0 = arith.andi %inside_3, %inside_4 : i1
// CHECK-NEXT: %1 = arith.ori %inside_2, %0 : i1
// CHECK-NEXT: %2 = arith.select %1, %v, %y_2 : i32
