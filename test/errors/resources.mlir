// Constants beside the text: missing, of another size, not hexadecimal, of an unknown kind.
// RUN: nopt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

%c = graph.constant dense_resource<missing> : tensor<2x3xi8>
// CHECK: resources.mlir:4:1: error: 'graph.constant' op resource 'missing' is missing, expected its bytes in the file's metadata

// -----

%c = graph.constant dense_resource<short> : tensor<2x3xi8>
{-# dialect_resources: { builtin: { short: "0x010000000102030405" } } #-}
// CHECK: resources.mlir:9:1: error: 'graph.constant' op resource 'short' has 5 bytes, expected 6 for tensor<2x3xi8>

// -----

%c = graph.constant dense_resource<long> : tensor<2x3xi8>
{-# dialect_resources: { builtin: { long: "0x0100000001020304050607" } } #-}
// CHECK: resources.mlir:15:1: error: 'graph.constant' op resource 'long' has 7 bytes, expected 6 for tensor<2x3xi8>

// -----

%c = graph.constant dense_resource<letters> : tensor<2xi8>
{-# dialect_resources: { builtin: { letters: "0x0100000001xx" } } #-}
// CHECK: resources.mlir:22:37: error: resource 'letters': Non-hexadecimal digit found, expected hexadecimal digits
// CHECK-NEXT: {-# dialect_resources: { builtin: { letters: "0x0100000001xx" } } #-}
// CHECK-NEXT: {{^}}                                    ^^^^^^^{{$}}

// -----

%c = graph.constant dense_resource<half> : tensor<2xi8>
{-# dialect_resources: { builtin: { half: "0x01000000010" } } #-}
// CHECK: resources.mlir:30:37: error: resource 'half': Odd-length string, expected hexadecimal digits

// -----

%c = graph.constant dense_resource<raw> : tensor<2xi8>
{-# dialect_resources: { builtin: { raw: "bytes" } } #-}
// CHECK: resources.mlir:36:{{[0-9]+}}: error: resource 'raw': No 0x found, expected hexadecimal digits

// -----

%c = graph.constant dense_resource<number> : tensor<2xi8>
{-# dialect_resources: { builtin: { number: 12 } } #-}
// CHECK: resources.mlir:42:45: error: string literal expected

// -----

{-# external_resources: { builtin: { x: "0x01000000" } } #-}
// CHECK: resources.mlir:47:{{[0-9]+}}: error: found external_resources, expected only dialect_resources

// -----

{-# dialect_resources: { bultin: { x: "0x01000000" } } #-}
// CHECK: resources.mlir:52:{{[0-9]+}}: error: dialect {{.*}}bultin{{.*}} is not registered

// -----

%c = graph.constant dense_resource<cut> : tensor<2xi8>
{-# dialect_resources: { builtin: { cut: "0x01000
// CHECK: resources.mlir:58:{{[0-9]+}}: error: expected the closing quote, found the end of the line
// CHECK-NEXT: {-# dialect_resources: { builtin: { cut: "0x01000
// CHECK-NEXT: {{^}}                                         ^^^^^^^^{{$}}

// -----

%c = graph.constant dense_resource<twice> : tensor<2xi8>
{-# dialect_resources: { builtin: { twice: "0x010000000102", twice: "0x010000000304" } } #-}
// CHECK: resources.mlir:66:62: error: resource 'twice' is given a second time
// CHECK-NEXT: {-# dialect_resources:
// CHECK-NEXT: {{^}}                                                             ^^^^^{{$}}
