// RUN: nopt %s -p attach-machine --split-input-file | filecheck %s
// RUN: nopt %s -p 'attach-machine{config=default}' --split-input-file | filecheck %s --check-prefix NAMED
// RUN: echo '{"LOG_BLOCK": 3, "LOG_INP_BUFF_SIZE": 12, "LOG_WGT_BUFF_SIZE": 14, "LOG_ACC_BUFF_SIZE": 14, "alu_multiply": true}' > %t.json
// RUN: nopt %s -p 'attach-machine{config="%t.json"}' --split-input-file | filecheck %s --check-prefix FILE
// RUN: nopt %s -p 'attach-machine{config="%t.json"}' | nopt -p attach-machine,affine-nest-infer-layout,affine-nest-pack | filecheck %s --check-prefix STAYS
// RUN: not nopt %s -p 'attach-machine{config=rtm}' 2>&1 | filecheck %s --check-prefix UNKNOWN
// The machine is an attribute of the module, so that printed IR is complete: by name, or in full.

builtin.module {}
// CHECK: builtin.module attributes {isa.machine = "rtl"} {
// NAMED: builtin.module attributes {isa.machine = "default"} {
// FILE: builtin.module attributes {isa.machine = {name = "{{.*}}", {{.*}}LOG_INP_BUFF_SIZE = 12 : i64, {{.*}}alu_multiply = 1 : i64, {{.*}}LOG_BLOCK = 3 : i64}} {
// STAYS: LOG_BLOCK = 3 : i64
// UNKNOWN: error: pass 'attach-machine': {{.*}}rtm: no such file or preset, expected one of {{.*}}, rtl or a JSON file

// -----

// What is attached stays, unless another one is named.
builtin.module attributes {isa.machine = "default"} {}
// CHECK: builtin.module attributes {isa.machine = "default"} {
// NAMED: builtin.module attributes {isa.machine = "default"} {
// FILE: builtin.module attributes {isa.machine = {{.*}}LOG_BLOCK = 3 : i64
