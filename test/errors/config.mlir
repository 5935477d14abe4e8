// Cores that cannot be: sizes, keys and files; and a core too small for anything.
// RUN: rm -rf %t && mkdir %t
// RUN: echo '{"LOG_INP_BUFF_SIZE": 3}' > %t/small.json
// RUN: not nopt %s -p 'attach-machine{config="%t/small.json"}' -o %t/out 2>&1 | filecheck %s --check-prefix SMALL
// RUN: echo '{"LOG_WGT_BUFF_SIZE": 34}' > %t/large.json
// RUN: not nopt %s -p 'attach-machine{config="%t/large.json"}' 2>&1 | filecheck %s --check-prefix LARGE
// RUN: echo '{"LOG_BATCH": 0.5}' > %t/half.json
// RUN: not nopt %s -p 'attach-machine{config="%t/half.json"}' 2>&1 | filecheck %s --check-prefix HALF
// RUN: echo '{"LOG_BLOCK": 4, "LOG_INP_BUFF_SIZE": 20, "LOG_ACC_BUFF_SIZE": 22}' > %t/wide.json
// RUN: not nopt %s -p 'attach-machine{config="%t/wide.json"}' 2>&1 | filecheck %s --check-prefix WIDE
// RUN: echo '{"burst_beats": 3}' > %t/burst.json
// RUN: not nopt %s -p 'attach-machine{config="%t/burst.json"}' 2>&1 | filecheck %s --check-prefix BURST
// RUN: echo '{"LOG_BACH": 0}' > %t/key.json
// RUN: not nopt %s -p 'attach-machine{config="%t/key.json"}' 2>&1 | filecheck %s --check-prefix KEY
// RUN: echo '[4, 4]' > %t/list.json
// RUN: not nopt %s -p 'attach-machine{config="%t/list.json"}' 2>&1 | filecheck %s --check-prefix LIST
// RUN: echo '{"LOG_BATCH": ' > %t/cut.json
// RUN: not nopt %s -p 'attach-machine{config="%t/cut.json"}' 2>&1 | filecheck %s --check-prefix CUT
// RUN: not nopt %s -p 'attach-machine{config="%t"}' 2>&1 | filecheck %s --check-prefix FOLDER
// RUN: not nopt %s -p 'attach-machine{config=nonesuch}' 2>&1 | filecheck %s --check-prefix MISSING
// RUN: echo '{"LOG_INP_BUFF_SIZE": 4, "LOG_WGT_BUFF_SIZE": 8, "LOG_ACC_BUFF_SIZE": 6, "LOG_UOP_BUFF_SIZE": 2}' > %t/tiny.json
// RUN: not nopt %s -p 'vta{config="%t/tiny.json"}' -t vta-program -o %t/out 2>&1 | filecheck %s --check-prefix TINY
// RUN: not ls %t/out

// SMALL: {{^}}error: pass 'attach-machine': {{.*}}small.json: LOG_INP_BUFF_SIZE: found 3, expected 4 to 20 (one element to 2^16 elements){{$}}
// SMALL-NOT: {{.}}
// LARGE: error: pass 'attach-machine': {{.*}}large.json: LOG_WGT_BUFF_SIZE: found 34, expected 8 to 24 (one element to 2^16 elements)
// HALF: half.json: LOG_BATCH: found 0.5, expected an integer
// WIDE: wide.json: LOG_ACC/INP/WGT_BUFF_SIZE: found index widths 16 + 16 + 10 = 42 bits, expected at most the 32 bits of a micro-op
// BURST: burst.json: burst_beats: found 3, expected a power of two
// KEY: key.json: LOG_BACH: unknown key, did you mean LOG_BATCH?
// LIST: list.json: found list, expected a JSON object
// CUT: cut.json: not a readable JSON file: Expecting value: line 2 column 1
// FOLDER: cannot be read: Is a directory
// MISSING: nonesuch: no such file or preset, expected one of {{.*}}default, rtl or a JSON file
// TINY: error: pass 'affine-nest-schedule': {{.*}}no tile of the nest over [8, 1] fits the scratchpads of 'tiny': 1 INP, 1 WGT, 1 ACC entries
// TINY-NOT: {{.}}

func.func @main(%x: tensor<8x16xi8>, %w: tensor<16x16xi8>) -> tensor<8x16xi8> {
  %y = graph.matmul %x, %w {placement = "core"} : (tensor<8x16xi8>, tensor<16x16xi8>) -> tensor<8x16xi32>
  %z = graph.requantize %y shift 4 : tensor<8x16xi32> -> tensor<8x16xi8>
  func.return %z : tensor<8x16xi8>
}
