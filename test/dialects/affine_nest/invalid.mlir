// RUN: VERIFY_DIAG
// Every rule of the verifiers, op by op.

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (0) {
    %a = affine_nest.load %x[%i] pad 0 : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<0xi8>
  return
}
// CHECK: error: 'affine_nest.for' op iterator extents are [0], expected 1 or more each

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64: 2>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0) -> (d0)>}> : (tensor<4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : () -> tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op map must range over the 2 iterators of the nest, found 1 dimensions and 0 symbols

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op terminates block in single-block region but is not a terminator

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op contains empty block in single-block region that expects at least a terminator

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<5xi8>
  return
}
// CHECK: error: 'affine_nest.for' op result has type tensor<5xi8>, expected tensor<4xi8> from the parallel extents and the yielded value

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi32>
  return
}
// CHECK: error: 'affine_nest.for' op result has type tensor<4xi32>, expected tensor<4xi8> from the parallel extents and the yielded value

// -----

func.func @f(%x: tensor<4x2xi8>) {
  %y = affine_nest.for (%i) = (4) reduce (%j) = (2) {
    %a = affine_nest.load %x[%i, %j] : tensor<4x2xi8>
    %b = arith.addi %a, %a : i8
    affine_nest.yield %b : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op the yielded value depends on a reduction iterator; reduce it first

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    func.call @f(%x) : (tensor<4xi8>) -> ()
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op expected loads, reductions and arith operations on scalars, found 'func.call'

// -----

func.func @f(%x: tensor<4xi8>, %s: i8) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %b = arith.addi %a, %s : i8
    affine_nest.yield %b : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op an operand of 'arith.addi' is not computed in the body; iterators show in indices only, tensors are loaded

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %b = arith.addi %i, %i : index
    affine_nest.yield %b : index
  } : tensor<4xindex>
  return
}
// CHECK: error: 'affine_nest.for' op 'arith.addi' of index is not supported in a nest's body

// -----

func.func @f() {
  %y = affine_nest.for (%i) = (4) {
    %x = arith.constant dense<1> : tensor<4xi8>
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op 'arith.constant' of tensor<4xi8> is not supported in a nest's body

// -----

func.func @f(%x: tensor<4xi8>, %s: i8) {
  %y = affine_nest.for (%i) = (4) {
    affine_nest.yield %s : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op an operand of 'affine_nest.yield' is not computed in the body; iterators show in indices only, tensors are loaded

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0) -> (d0)>}> : (tensor<4xi8>) -> i32
    "affine_nest.yield"(%a) : (i32) -> ()
  }) : () -> tensor<4xi32>
  return
}
// CHECK: error: 'affine_nest.load' op result has type i32, expected i8

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0) -> (d0)>, pad = 0 : i32}> : (tensor<4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : () -> tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op pad has type i32, expected i8

// -----

func.func @f(%x: tensor<4x2xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4x2xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op 'source' has rank 2, found 1 indices

// -----

func.func @f(%x: tensor<?xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] pad 0 : tensor<?xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op 'source' has type tensor<?xi8>, expected a static shape

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i + d3] pad 0 : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op map uses d3 of 1 iterators

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = "affine_nest.for"() <{parallel = array<i64: 4>, reduction = array<i64>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0)[s0] -> (d0 + s0)>}> : (tensor<4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : () -> tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op map must range over the 1 iterators of the nest, found 1 dimensions and 1 symbols

// -----

func.func @f(%x: tensor<4x4xi8>) {
  %y = "affine_nest.for"() <{parallel = array<i64: 4, 4>, reduction = array<i64>}> ({
  ^bb0(%i: index, %j: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0, d1) -> (d0, d1 mod -2)>, pad = 0 : i8}> : (tensor<4x4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : () -> tensor<4x4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op index 1: expected a positive constant divisor, found -2

// -----

func.func @f(%x: tensor<4x4xi8>) {
  %y = affine_nest.for (%i, %j) = (4, 4) {
    %a = affine_nest.load %x[%i, %j * 2 - %i] : tensor<4x4xi8>
    affine_nest.yield %a : i8
  } : tensor<4x4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op index 1 ranges over [-3, 6], outside [0, 4); stay inside or give a pad

// -----

func.func @f(%x: tensor<4xi8>) {
  %a = "affine_nest.load"(%x) <{map = affine_map<() -> (0)>}> : (tensor<4xi8>) -> i8
  return
}
// CHECK: error: 'affine_nest.load' op 'affine_nest.load' expects parent op 'affine_nest.for'

// -----

func.func @f(%x: i8) {
  %y = affine_nest.for () = () {
    %a = "affine_nest.load"(%x) <{map = affine_map<() -> ()>}> : (i8) -> i8
    affine_nest.yield %a : i8
  } : tensor<i8>
  return
}
// CHECK: error: 'affine_nest.load' op operand 'source' at position 0 does not verify: i8 should be of base attribute tensor

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for () = () reduce (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %b = "affine_nest.reduce"(%a) <{kind = #affine_nest<reduction add>}> : (i8) -> i32
    affine_nest.yield %b : i32
  } : tensor<i32>
  return
}
// CHECK: error: 'affine_nest.reduce' op result 'result' at position 0 does not verify: attribute i8 expected from variable 'T', but got i32

// -----

func.func @f(%x: i8) {
  %y = affine_nest.reduce add %x : i8
  return
}
// CHECK: error: 'affine_nest.reduce' op 'affine_nest.reduce' expects parent op 'affine_nest.for'

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i) = (4) into %d[%i + 3] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into, index 0 ranges over [3, 6], outside [0, 6)

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i, %j) = (3, 2) into %d[%i + %j] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into may take two points to one place; expected each iterator in one index, or its floordiv and its mod by one number, by a factor larger than what the iterators of smaller factors add up to

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i, %j) = (3, 2) into %d[%i] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into may take two points to one place; expected each iterator in one index, or its floordiv and its mod by one number, by a factor larger than what the iterators of smaller factors add up to

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6x6xi8>) {
  %y = affine_nest.for (%i) = (4) into %d[%i floordiv 3, %i mod 2] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6x6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into may take two points to one place; expected each iterator in one index, or its floordiv and its mod by one number, by a factor larger than what the iterators of smaller factors add up to

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i) = (4) into %d[%i floordiv 2] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into may take two points to one place; expected each iterator in one index, or its floordiv and its mod by one number, by a factor larger than what the iterators of smaller factors add up to

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i) = (4) into %d[%i, 0] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op result has rank 1, found 2 indices

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = affine_nest.for (%i) = (4) into %d[%i] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %b = arith.extsi %a : i8 to i32
    affine_nest.yield %b : i32
  } : tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op yields i32 into a result of type tensor<6xi8>

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = "affine_nest.for"(%x) <{parallel = array<i64: 4>, reduction = array<i64>, into = affine_map<(d0) -> (d0)>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0) -> (d0)>}> : (tensor<4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : (tensor<4xi8>) -> tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op destination has type tensor<4xi8>, expected tensor<6xi8> as the result

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = "affine_nest.for"(%d) <{parallel = array<i64: 6>, reduction = array<i64>}> ({
  ^bb0(%i: index):
    %a = "affine_nest.load"(%d) <{map = affine_map<(d0) -> (d0)>}> : (tensor<6xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : (tensor<6xi8>) -> tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op has a destination but no map into it

// -----

func.func @f(%x: tensor<4xi8>, %d: tensor<6xi8>) {
  %y = "affine_nest.for"(%d) <{parallel = array<i64: 4>, reduction = array<i64: 1>, into = affine_map<(d0, d1) -> (d0)>}> ({
  ^bb0(%i: index, %k: index):
    %a = "affine_nest.load"(%x) <{map = affine_map<(d0, d1) -> (d0)>}> : (tensor<4xi8>) -> i8
    "affine_nest.yield"(%a) : (i8) -> ()
  }) : (tensor<6xi8>) -> tensor<6xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into must range over the 1 parallel iterators, found 2 dimensions and 0 symbols

// -----

// Attributes of nests: each has a rule.

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "gpu"} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op placement is "gpu", expected "core" or "host" or "reader"

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {must_run_on = "host"} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op must_run_on is "host", expected "core"

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {placement = "host", host_reason = 3} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op host_reason is 3 : i64, expected a string

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {lanes = "output i"} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op lanes is "output i", expected #affine_nest.lanes<…>

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {represents = {tensor = "y", scale = 1 : i8}} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op represents is {tensor = "y", scale = 1 : i8}, expected {tensor = a name, scale = a float or one for each channel, then axis = theirs}

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {layout = {axis = 1 : i64, shape = array<i64: 4>}} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op layout is {axis = 1 : i64, shape = array<i64: 4>}, expected {axis = one of the shape's, shape = array<i64: …>}, perhaps rows = another one or -1

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {order = "rows"} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op order is "rows", expected affine_map<…>

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } attributes {order = affine_map<(d0) -> (d0 floordiv 3, d0 mod 3)>} : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op order (d0) -> ((d0 floordiv 3), (d0 mod 3)) divides dimension 0 of 4 elements, expected a multiple of 3

// -----

// Orders of arguments are bijections onto the argument, by their form.

func.func @f(%w: i8, %x: tensor<4xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 4)>}) {
  affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'func.func' op argument 1: order (d0) -> ((d0 floordiv 2), (d0 mod 4)) is none of 1 dimensions; expected each of them once, whole or as 'floordiv 4' and 'mod 4'

// -----

func.func @f(%x: tensor<2x2xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 0)>, affine_nest.packs = tensor<4xi8>}) {
  affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 0] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return
}
// CHECK: error: 'func.func' op argument 0: order (d0) -> ((d0 floordiv 2), (d0 mod 0)) ends in no lanes, expected 'mod' by the block innermost

// -----

func.func @f(%x: tensor<2x2xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 2)>, affine_nest.packs = tensor<6xi8>}) {
  affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 0] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return
}
// CHECK: error: 'func.func' op argument 0: is tensor<2x2xi8>, expected tensor<3x2xi8> from tensor<6xi8> in its order

// -----

func.func @f(%x: tensor<2x2xi8> {affine_nest.packs = tensor<4xi8>}) {
  affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 0] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return
}
// CHECK: error: 'func.func' op argument 0: has affine_nest.packs but no affine_nest.order

// -----

func.func @f(%x: tensor<2x2xi8> {affine_nest.order = "rows"}) {
  affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 0] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return
}
// CHECK: error: 'func.func' op argument 0: affine_nest.order is "rows", expected affine_map<…>

// -----

func.func @f(%x: tensor<2x2xi8> {affine_nest.order = affine_map<(d0) -> (d0 floordiv 2, d0 mod 2)>, affine_nest.packs = i8}) {
  affine_nest.for (%i) = (2) {
    %a = affine_nest.load %x[%i, 0] : tensor<2x2xi8>
    affine_nest.yield %a : i8
  } : tensor<2xi8>
  return
}
// CHECK: error: 'func.func' op argument 0: affine_nest.order of i8 in tensor<2x2xi8>, expected tensors

// -----

func.func @f(%x: tensor<4294967296xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i] : tensor<4294967296xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op tensor<4294967296xi8> found, expected at most 2147483648 elements

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4294967296) {
    %a = affine_nest.load %x[0] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4294967296xi8>
  return
}
// CHECK: error: 'affine_nest.for' op tensor<4294967296xi8> found, expected at most 2147483648 elements

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) reduce (%j, %k) = (4294967296, 4294967296) {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    %s = affine_nest.reduce max %a : i8
    affine_nest.yield %s : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op has 73786976294838206464 points, expected at most 4611686018427387904

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[%i * 2147483648] pad 0 : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op index 0: a part of it may be 6442450944, expected at most 2147483648

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) {
    %a = affine_nest.load %x[(%i + 9223372036854775808) mod 4] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.load' op index 0: a part of it may be 9223372036854775808, expected at most 2147483648

// -----

func.func @f(%x: tensor<4xi8>) {
  %y = affine_nest.for (%i) = (4) into [(%i * 4294967296) floordiv 4294967296] {
    %a = affine_nest.load %x[%i] : tensor<4xi8>
    affine_nest.yield %a : i8
  } : tensor<4xi8>
  return
}
// CHECK: error: 'affine_nest.for' op into, index 0: a part of it may be 4294967296, expected at most 2147483648
