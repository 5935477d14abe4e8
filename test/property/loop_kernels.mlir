// Kernels as C frontends print them, many of PolyBench, for test_loop_kernels.py.

// C = A B
func.func @gemm(%A: memref<20x33xi32>, %B: memref<33x18xi32>, %C: memref<20x18xi32>) {
  affine.for %i = 0 to 20 {
    affine.for %j = 0 to 18 {
      %v1 = arith.constant 0 : i32
      affine.store %v1, %C[%i, %j] : memref<20x18xi32>
      affine.for %k = 0 to 33 {
        %v2 = affine.load %A[%i, %k] : memref<20x33xi32>
        %v3 = affine.load %B[%k, %j] : memref<33x18xi32>
        %v4 = arith.muli %v2, %v3 : i32
        %v5 = affine.load %C[%i, %j] : memref<20x18xi32>
        %v6 = arith.addi %v5, %v4 : i32
        affine.store %v6, %C[%i, %j] : memref<20x18xi32>
      }
    }
  }
  return
}

// A convolution.
func.func @conv(%x: memref<3x10x11xi32>, %w: memref<4x3x3x3xi32>, %y: memref<4x8x9xi32>) {
  affine.for %o = 0 to 4 {
    affine.for %h = 0 to 8 {
      affine.for %v = 0 to 9 {
        %v1 = arith.constant 0 : i32
        affine.store %v1, %y[%o, %h, %v] : memref<4x8x9xi32>
        affine.for %c = 0 to 3 {
          affine.for %p = 0 to 3 {
            affine.for %q = 0 to 3 {
              %v2 = affine.load %x[%c, %h+%p, %v+%q] : memref<3x10x11xi32>
              %v3 = affine.load %w[%o, %c, %p, %q] : memref<4x3x3x3xi32>
              %v4 = arith.muli %v2, %v3 : i32
              %v5 = affine.load %y[%o, %h, %v] : memref<4x8x9xi32>
              %v6 = arith.addi %v5, %v4 : i32
              affine.store %v6, %y[%o, %h, %v] : memref<4x8x9xi32>
            }
          }
        }
      }
    }
  }
  return
}

// A depthwise convolution.
func.func @depthwise(%x: memref<4x10x11xi32>, %w: memref<4x3x3xi32>, %y: memref<4x8x9xi32>) {
  affine.for %o = 0 to 4 {
    affine.for %h = 0 to 8 {
      affine.for %v = 0 to 9 {
        %v1 = arith.constant 0 : i32
        affine.store %v1, %y[%o, %h, %v] : memref<4x8x9xi32>
        affine.for %p = 0 to 3 {
          affine.for %q = 0 to 3 {
            %v2 = affine.load %x[%o, %h+%p, %v+%q] : memref<4x10x11xi32>
            %v3 = affine.load %w[%o, %p, %q] : memref<4x3x3xi32>
            %v4 = arith.muli %v2, %v3 : i32
            %v5 = affine.load %y[%o, %h, %v] : memref<4x8x9xi32>
            %v6 = arith.addi %v5, %v4 : i32
            affine.store %v6, %y[%o, %h, %v] : memref<4x8x9xi32>
          }
        }
      }
    }
  }
  return
}

// A transposed convolution: sums by scatter.
func.func @transposed_conv(%x: memref<3x5x5xi32>, %w: memref<3x4x3x3xi32>, %y: memref<4x11x11xi32>) {
  affine.for %o = 0 to 4 {
    affine.for %h = 0 to 11 {
      affine.for %v = 0 to 11 {
        %v1 = arith.constant 0 : i32
        affine.store %v1, %y[%o, %h, %v] : memref<4x11x11xi32>
      }
    }
  }
  affine.for %o = 0 to 4 {
    affine.for %h = 0 to 5 {
      affine.for %v = 0 to 5 {
        affine.for %c = 0 to 3 {
          affine.for %p = 0 to 3 {
            affine.for %q = 0 to 3 {
              %v2 = affine.load %x[%c, %h, %v] : memref<3x5x5xi32>
              %v3 = affine.load %w[%c, %o, %p, %q] : memref<3x4x3x3xi32>
              %v4 = arith.muli %v2, %v3 : i32
              %v5 = affine.load %y[%o, %h*2+%p, %v*2+%q] : memref<4x11x11xi32>
              %v6 = arith.addi %v5, %v4 : i32
              affine.store %v6, %y[%o, %h*2+%p, %v*2+%q] : memref<4x11x11xi32>
            }
          }
        }
      }
    }
  }
  return
}

// A product of polynomials.
func.func @polynomial(%x: memref<8xi32>, %w: memref<5xi32>, %y: memref<12xi32>) {
  affine.for %i = 0 to 8 {
    affine.for %j = 0 to 5 {
      %v1 = affine.load %x[%i] : memref<8xi32>
      %v2 = affine.load %w[%j] : memref<5xi32>
      %v3 = arith.muli %v1, %v2 : i32
      %v4 = affine.load %y[%i+%j] : memref<12xi32>
      %v5 = arith.addi %v4, %v3 : i32
      affine.store %v5, %y[%i+%j] : memref<12xi32>
    }
  }
  return
}

// Maxima of windows.
func.func @maxpool(%x: memref<4x9x9xi32>, %y: memref<4x4x4xi32>) {
  affine.for %c = 0 to 4 {
    affine.for %h = 0 to 4 {
      affine.for %v = 0 to 4 {
        %v1 = arith.constant -1000 : i32
        affine.store %v1, %y[%c, %h, %v] : memref<4x4x4xi32>
        affine.for %p = 0 to 3 {
          affine.for %q = 0 to 3 {
            %v2 = affine.load %x[%c, %h*2+%p, %v*2+%q] : memref<4x9x9xi32>
            %v3 = affine.load %y[%c, %h, %v] : memref<4x4x4xi32>
            %v4 = arith.maxsi %v3, %v2 : i32
            affine.store %v4, %y[%c, %h, %v] : memref<4x4x4xi32>
          }
        }
      }
    }
  }
  return
}

// Sums of windows.
func.func @avgpool(%x: memref<4x9x9xi32>, %y: memref<4x4x4xi32>) {
  affine.for %c = 0 to 4 {
    affine.for %h = 0 to 4 {
      affine.for %v = 0 to 4 {
        %v1 = arith.constant 0 : i32
        affine.store %v1, %y[%c, %h, %v] : memref<4x4x4xi32>
        affine.for %p = 0 to 3 {
          affine.for %q = 0 to 3 {
            %v2 = affine.load %x[%c, %h*2+%p, %v*2+%q] : memref<4x9x9xi32>
            %v3 = affine.load %y[%c, %h, %v] : memref<4x4x4xi32>
            %v4 = arith.addi %v3, %v2 : i32
            affine.store %v4, %y[%c, %h, %v] : memref<4x4x4xi32>
          }
        }
      }
    }
  }
  return
}

// D = 3 D + A B C
func.func @two_products(%A: memref<9x11xi32>, %B: memref<11x7xi32>, %C: memref<7x13xi32>, %D: memref<9x13xi32>) {
  %t = memref.alloc() : memref<9x7xi32>
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 7 {
      %v1 = arith.constant 0 : i32
      affine.store %v1, %t[%i, %j] : memref<9x7xi32>
      affine.for %k = 0 to 11 {
        %v2 = affine.load %A[%i, %k] : memref<9x11xi32>
        %v3 = affine.load %B[%k, %j] : memref<11x7xi32>
        %v4 = arith.muli %v2, %v3 : i32
        %v5 = affine.load %t[%i, %j] : memref<9x7xi32>
        %v6 = arith.addi %v5, %v4 : i32
        affine.store %v6, %t[%i, %j] : memref<9x7xi32>
      }
    }
  }
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 13 {
      %v7 = affine.load %D[%i, %j] : memref<9x13xi32>
      %v8 = arith.constant 3 : i32
      %v9 = arith.muli %v7, %v8 : i32
      affine.store %v9, %D[%i, %j] : memref<9x13xi32>
      affine.for %k = 0 to 7 {
        %v10 = affine.load %t[%i, %k] : memref<9x7xi32>
        %v11 = affine.load %C[%k, %j] : memref<7x13xi32>
        %v12 = arith.muli %v10, %v11 : i32
        %v13 = affine.load %D[%i, %j] : memref<9x13xi32>
        %v14 = arith.addi %v13, %v12 : i32
        affine.store %v14, %D[%i, %j] : memref<9x13xi32>
      }
    }
  }
  return
}

// y = Aᵀ A x, in one imperfect nest.
func.func @atax(%A: memref<9x11xi32>, %x: memref<11xi32>, %y: memref<11xi32>) {
  %t = memref.alloc() : memref<9xi32>
  affine.for %i = 0 to 11 {
    %v1 = arith.constant 0 : i32
    affine.store %v1, %y[%i] : memref<11xi32>
  }
  affine.for %i = 0 to 9 {
    %v2 = arith.constant 0 : i32
    affine.store %v2, %t[%i] : memref<9xi32>
    affine.for %j = 0 to 11 {
      %v3 = affine.load %A[%i, %j] : memref<9x11xi32>
      %v4 = affine.load %x[%j] : memref<11xi32>
      %v5 = arith.muli %v3, %v4 : i32
      %v6 = affine.load %t[%i] : memref<9xi32>
      %v7 = arith.addi %v6, %v5 : i32
      affine.store %v7, %t[%i] : memref<9xi32>
    }
    affine.for %j = 0 to 11 {
      %v8 = affine.load %A[%i, %j] : memref<9x11xi32>
      %v9 = affine.load %t[%i] : memref<9xi32>
      %v10 = arith.muli %v8, %v9 : i32
      %v11 = affine.load %y[%j] : memref<11xi32>
      %v12 = arith.addi %v11, %v10 : i32
      affine.store %v12, %y[%j] : memref<11xi32>
    }
  }
  return
}

// Two products of a matrix and a vector, one transposed.
func.func @mvt(%A: memref<9x9xi32>, %p: memref<9xi32>, %q: memref<9xi32>, %u: memref<9xi32>, %v: memref<9xi32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 9 {
      %v1 = affine.load %A[%i, %j] : memref<9x9xi32>
      %v2 = affine.load %u[%j] : memref<9xi32>
      %v3 = arith.muli %v1, %v2 : i32
      %v4 = affine.load %p[%i] : memref<9xi32>
      %v5 = arith.addi %v4, %v3 : i32
      affine.store %v5, %p[%i] : memref<9xi32>
    }
  }
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 9 {
      %v6 = affine.load %A[%j, %i] : memref<9x9xi32>
      %v7 = affine.load %v[%j] : memref<9xi32>
      %v8 = arith.muli %v6, %v7 : i32
      %v9 = affine.load %q[%i] : memref<9xi32>
      %v10 = arith.addi %v9, %v8 : i32
      affine.store %v10, %q[%i] : memref<9xi32>
    }
  }
  return
}

// y = 3 A x + 2 B x
func.func @gesummv(%A: memref<9x9xi32>, %B: memref<9x9xi32>, %x: memref<9xi32>, %y: memref<9xi32>) {
  %t = memref.alloc() : memref<9xi32>
  affine.for %i = 0 to 9 {
    %v1 = arith.constant 0 : i32
    affine.store %v1, %t[%i] : memref<9xi32>
    %v2 = arith.constant 0 : i32
    affine.store %v2, %y[%i] : memref<9xi32>
    affine.for %j = 0 to 9 {
      %v3 = affine.load %A[%i, %j] : memref<9x9xi32>
      %v4 = affine.load %x[%j] : memref<9xi32>
      %v5 = arith.muli %v3, %v4 : i32
      %v6 = affine.load %t[%i] : memref<9xi32>
      %v7 = arith.addi %v6, %v5 : i32
      affine.store %v7, %t[%i] : memref<9xi32>
      %v8 = affine.load %B[%i, %j] : memref<9x9xi32>
      %v9 = affine.load %x[%j] : memref<9xi32>
      %v10 = arith.muli %v8, %v9 : i32
      %v11 = affine.load %y[%i] : memref<9xi32>
      %v12 = arith.addi %v11, %v10 : i32
      affine.store %v12, %y[%i] : memref<9xi32>
    }
    %v13 = arith.constant 3 : i32
    %v14 = affine.load %t[%i] : memref<9xi32>
    %v15 = arith.muli %v13, %v14 : i32
    %v16 = arith.constant 2 : i32
    %v17 = affine.load %y[%i] : memref<9xi32>
    %v18 = arith.muli %v16, %v17 : i32
    %v19 = arith.addi %v15, %v18 : i32
    affine.store %v19, %y[%i] : memref<9xi32>
  }
  return
}

// Rank-1 update, then products.
func.func @gemver(%A: memref<9x9xi32>, %u: memref<9xi32>, %v: memref<9xi32>, %x: memref<9xi32>, %y: memref<9xi32>, %w: memref<9xi32>, %z: memref<9xi32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 9 {
      %v1 = affine.load %u[%i] : memref<9xi32>
      %v2 = affine.load %v[%j] : memref<9xi32>
      %v3 = arith.muli %v1, %v2 : i32
      %v4 = affine.load %A[%i, %j] : memref<9x9xi32>
      %v5 = arith.addi %v4, %v3 : i32
      affine.store %v5, %A[%i, %j] : memref<9x9xi32>
    }
  }
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 9 {
      %v6 = arith.constant 2 : i32
      %v7 = affine.load %A[%j, %i] : memref<9x9xi32>
      %v8 = arith.muli %v6, %v7 : i32
      %v9 = affine.load %y[%j] : memref<9xi32>
      %v10 = arith.muli %v8, %v9 : i32
      %v11 = affine.load %x[%i] : memref<9xi32>
      %v12 = arith.addi %v11, %v10 : i32
      affine.store %v12, %x[%i] : memref<9xi32>
    }
  }
  affine.for %i = 0 to 9 {
    %v13 = affine.load %z[%i] : memref<9xi32>
    %v14 = affine.load %x[%i] : memref<9xi32>
    %v15 = arith.addi %v14, %v13 : i32
    affine.store %v15, %x[%i] : memref<9xi32>
  }
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 9 {
      %v16 = affine.load %A[%i, %j] : memref<9x9xi32>
      %v17 = affine.load %x[%j] : memref<9xi32>
      %v18 = arith.muli %v16, %v17 : i32
      %v19 = affine.load %w[%i] : memref<9xi32>
      %v20 = arith.addi %v19, %v18 : i32
      affine.store %v20, %w[%i] : memref<9xi32>
    }
  }
  return
}

// A triangle of C = 3 C + A Aᵀ.
func.func @syrk(%A: memref<9x7xi32>, %C: memref<9x9xi32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to affine_map<(d0) -> (d0+1)>(%i) {
      %v1 = affine.load %C[%i, %j] : memref<9x9xi32>
      %v2 = arith.constant 3 : i32
      %v3 = arith.muli %v1, %v2 : i32
      affine.store %v3, %C[%i, %j] : memref<9x9xi32>
    }
    affine.for %k = 0 to 7 {
      affine.for %j = 0 to affine_map<(d0) -> (d0+1)>(%i) {
        %v4 = affine.load %A[%i, %k] : memref<9x7xi32>
        %v5 = affine.load %A[%j, %k] : memref<9x7xi32>
        %v6 = arith.muli %v4, %v5 : i32
        %v7 = affine.load %C[%i, %j] : memref<9x9xi32>
        %v8 = arith.addi %v7, %v6 : i32
        affine.store %v8, %C[%i, %j] : memref<9x9xi32>
      }
    }
  }
  return
}

// B = 3 L B, in place, with a triangular L.
func.func @trmm(%A: memref<9x9xi32>, %B: memref<9x7xi32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 7 {
      affine.for %k = affine_map<(d0) -> (d0+1)>(%i) to 9 {
        %v1 = affine.load %A[%k, %i] : memref<9x9xi32>
        %v2 = affine.load %B[%k, %j] : memref<9x7xi32>
        %v3 = arith.muli %v1, %v2 : i32
        %v4 = affine.load %B[%i, %j] : memref<9x7xi32>
        %v5 = arith.addi %v4, %v3 : i32
        affine.store %v5, %B[%i, %j] : memref<9x7xi32>
      }
      %v6 = arith.constant 3 : i32
      %v7 = affine.load %B[%i, %j] : memref<9x7xi32>
      %v8 = arith.muli %v6, %v7 : i32
      affine.store %v8, %B[%i, %j] : memref<9x7xi32>
    }
  }
  return
}

// A sum over a triangle.
func.func @lower_product(%A: memref<9x9xi32>, %B: memref<9x7xi32>, %C: memref<9x7xi32>) {
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 7 {
      affine.for %k = 0 to affine_map<(d0) -> (d0)>(%i) {
        %v1 = affine.load %A[%i, %k] : memref<9x9xi32>
        %v2 = affine.load %B[%k, %j] : memref<9x7xi32>
        %v3 = arith.muli %v1, %v2 : i32
        %v4 = affine.load %C[%i, %j] : memref<9x7xi32>
        %v5 = arith.addi %v4, %v3 : i32
        affine.store %v5, %C[%i, %j] : memref<9x7xi32>
      }
    }
  }
  return
}

// A row at a time, through a temporary.
func.func @doitgen(%A: memref<5x6x7xi32>, %C: memref<7x7xi32>) {
  %s = memref.alloc() : memref<7xi32>
  affine.for %r = 0 to 5 {
    affine.for %q = 0 to 6 {
      affine.for %p = 0 to 7 {
        %v1 = arith.constant 0 : i32
        affine.store %v1, %s[%p] : memref<7xi32>
        affine.for %k = 0 to 7 {
          %v2 = affine.load %A[%r, %q, %k] : memref<5x6x7xi32>
          %v3 = affine.load %C[%k, %p] : memref<7x7xi32>
          %v4 = arith.muli %v2, %v3 : i32
          %v5 = affine.load %s[%p] : memref<7xi32>
          %v6 = arith.addi %v5, %v4 : i32
          affine.store %v6, %s[%p] : memref<7xi32>
        }
      }
      affine.for %p = 0 to 7 {
        %v7 = affine.load %s[%p] : memref<7xi32>
        affine.store %v7, %A[%r, %q, %p] : memref<5x6x7xi32>
      }
    }
  }
  return
}

// Means, then a symmetric matrix by halves.
func.func @covariance(%d: memref<9x6xi32>, %m: memref<6xi32>, %c: memref<6x6xi32>) {
  affine.for %j = 0 to 6 {
    %v1 = arith.constant 0 : i32
    affine.store %v1, %m[%j] : memref<6xi32>
    affine.for %i = 0 to 9 {
      %v2 = affine.load %d[%i, %j] : memref<9x6xi32>
      %v3 = affine.load %m[%j] : memref<6xi32>
      %v4 = arith.addi %v3, %v2 : i32
      affine.store %v4, %m[%j] : memref<6xi32>
    }
  }
  affine.for %i = 0 to 9 {
    affine.for %j = 0 to 6 {
      %v5 = affine.load %m[%j] : memref<6xi32>
      %v6 = affine.load %d[%i, %j] : memref<9x6xi32>
      %v7 = arith.subi %v6, %v5 : i32
      affine.store %v7, %d[%i, %j] : memref<9x6xi32>
    }
  }
  affine.for %i = 0 to 6 {
    affine.for %j = affine_map<(d0) -> (d0)>(%i) to 6 {
      %v8 = arith.constant 0 : i32
      affine.store %v8, %c[%i, %j] : memref<6x6xi32>
      affine.for %k = 0 to 9 {
        %v9 = affine.load %d[%k, %i] : memref<9x6xi32>
        %v10 = affine.load %d[%k, %j] : memref<9x6xi32>
        %v11 = arith.muli %v9, %v10 : i32
        %v12 = affine.load %c[%i, %j] : memref<6x6xi32>
        %v13 = arith.addi %v12, %v11 : i32
        affine.store %v13, %c[%i, %j] : memref<6x6xi32>
      }
      %v14 = affine.load %c[%i, %j] : memref<6x6xi32>
      affine.store %v14, %c[%j, %i] : memref<6x6xi32>
    }
  }
  return
}

// One turn of Jacobi’s method.
func.func @jacobi_turn(%A: memref<12xi32>, %B: memref<12xi32>) {
  affine.for %i = 1 to 11 {
    %v1 = affine.load %A[%i - 1] : memref<12xi32>
    %v2 = affine.load %A[%i] : memref<12xi32>
    %v3 = arith.addi %v1, %v2 : i32
    %v4 = affine.load %A[%i+1] : memref<12xi32>
    %v5 = arith.addi %v3, %v4 : i32
    affine.store %v5, %B[%i] : memref<12xi32>
  }
  affine.for %i = 1 to 11 {
    %v6 = affine.load %B[%i - 1] : memref<12xi32>
    %v7 = affine.load %B[%i] : memref<12xi32>
    %v8 = arith.addi %v6, %v7 : i32
    %v9 = affine.load %B[%i+1] : memref<12xi32>
    %v10 = arith.addi %v8, %v9 : i32
    affine.store %v10, %A[%i] : memref<12xi32>
  }
  return
}

// A stencil that leaves the border.
func.func @stencil(%x: memref<12x12xi32>, %y: memref<12x12xi32>) {
  affine.for %i = 1 to 11 {
    affine.for %j = 1 to 11 {
      %v1 = affine.load %x[%i - 1, %j] : memref<12x12xi32>
      %v2 = affine.load %x[%i, %j - 1] : memref<12x12xi32>
      %v3 = affine.load %x[%i, %j+1] : memref<12x12xi32>
      %v4 = arith.addi %v2, %v3 : i32
      %v5 = arith.addi %v1, %v4 : i32
      affine.store %v5, %y[%i, %j] : memref<12x12xi32>
    }
  }
  return
}

// Element by element, through a temporary.
func.func @chain(%x: memref<10x7xi32>, %y: memref<10x7xi32>) {
  %t = memref.alloc() : memref<10x7xi32>
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 7 {
      %v1 = affine.load %x[%i, %j] : memref<10x7xi32>
      %v2 = affine.load %x[%i, %j] : memref<10x7xi32>
      %v3 = arith.muli %v1, %v2 : i32
      affine.store %v3, %t[%i, %j] : memref<10x7xi32>
    }
  }
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 7 {
      %v4 = affine.load %t[%i, %j] : memref<10x7xi32>
      %v5 = affine.load %x[%i, %j] : memref<10x7xi32>
      %v6 = arith.addi %v4, %v5 : i32
      affine.store %v6, %y[%i, %j] : memref<10x7xi32>
    }
  }
  return
}

// A transposed copy into a flat memref.
func.func @transpose(%x: memref<10x7xi32>, %y: memref<70xi32>) {
  affine.for %i = 0 to 10 {
    affine.for %j = 0 to 7 {
      %v1 = affine.load %x[%i, %j] : memref<10x7xi32>
      affine.store %v1, %y[%j*10+%i] : memref<70xi32>
    }
  }
  return
}

// Two parts of a memref.
func.func @concat(%x: memref<5x7xi32>, %z: memref<3x7xi32>, %y: memref<8x7xi32>) {
  affine.for %i = 0 to 5 {
    affine.for %j = 0 to 7 {
      %v1 = affine.load %x[%i, %j] : memref<5x7xi32>
      affine.store %v1, %y[%i, %j] : memref<8x7xi32>
    }
  }
  affine.for %i = 0 to 3 {
    affine.for %j = 0 to 7 {
      %v2 = affine.load %z[%i, %j] : memref<3x7xi32>
      affine.store %v2, %y[%i+5, %j] : memref<8x7xi32>
    }
  }
  return
}

// Several turns of Jacobi’s method: not raised.
func.func @jacobi(%A: memref<12xi32>, %B: memref<12xi32>) {
  affine.for %t = 0 to 3 {
    affine.for %i = 1 to 11 {
      %v1 = affine.load %A[%i - 1] : memref<12xi32>
      %v2 = affine.load %A[%i] : memref<12xi32>
      %v3 = arith.addi %v1, %v2 : i32
      %v4 = affine.load %A[%i+1] : memref<12xi32>
      %v5 = arith.addi %v3, %v4 : i32
      affine.store %v5, %B[%i] : memref<12xi32>
    }
    affine.for %i = 1 to 11 {
      %v6 = affine.load %B[%i - 1] : memref<12xi32>
      %v7 = affine.load %B[%i] : memref<12xi32>
      %v8 = arith.addi %v6, %v7 : i32
      %v9 = affine.load %B[%i+1] : memref<12xi32>
      %v10 = arith.addi %v8, %v9 : i32
      affine.store %v10, %A[%i] : memref<12xi32>
    }
  }
  return
}

// Gauss and Seidel’s method: not raised.
func.func @seidel(%A: memref<8x8xi32>) {
  affine.for %t = 0 to 2 {
    affine.for %i = 1 to 7 {
      affine.for %j = 1 to 7 {
        %v1 = affine.load %A[%i - 1, %j] : memref<8x8xi32>
        %v2 = affine.load %A[%i, %j - 1] : memref<8x8xi32>
        %v3 = affine.load %A[%i, %j+1] : memref<8x8xi32>
        %v4 = arith.addi %v2, %v3 : i32
        %v5 = arith.addi %v1, %v4 : i32
        affine.store %v5, %A[%i, %j] : memref<8x8xi32>
      }
    }
  }
  return
}

// A factorization: not raised.
func.func @lu(%A: memref<6x6xi32>) {
  affine.for %i = 0 to 6 {
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      affine.for %k = 0 to affine_map<(d0) -> (d0)>(%j) {
        %v1 = affine.load %A[%i, %k] : memref<6x6xi32>
        %v2 = affine.load %A[%k, %j] : memref<6x6xi32>
        %v3 = arith.muli %v1, %v2 : i32
        %v4 = affine.load %A[%i, %j] : memref<6x6xi32>
        %v5 = arith.subi %v4, %v3 : i32
        affine.store %v5, %A[%i, %j] : memref<6x6xi32>
      }
      %v6 = affine.load %A[%i, %j] : memref<6x6xi32>
      %v7 = affine.load %A[%j, %j] : memref<6x6xi32>
      %v8 = arith.muli %v6, %v7 : i32
      affine.store %v8, %A[%i, %j] : memref<6x6xi32>
    }
    affine.for %j = affine_map<(d0) -> (d0)>(%i) to 6 {
      affine.for %k = 0 to affine_map<(d0) -> (d0)>(%i) {
        %v9 = affine.load %A[%i, %k] : memref<6x6xi32>
        %v10 = affine.load %A[%k, %j] : memref<6x6xi32>
        %v11 = arith.muli %v9, %v10 : i32
        %v12 = affine.load %A[%i, %j] : memref<6x6xi32>
        %v13 = arith.subi %v12, %v11 : i32
        affine.store %v13, %A[%i, %j] : memref<6x6xi32>
      }
    }
  }
  return
}

// Forward substitution: not raised.
func.func @trisolv(%L: memref<6x6xi32>, %b: memref<6xi32>, %x: memref<6xi32>) {
  affine.for %i = 0 to 6 {
    %v1 = affine.load %b[%i] : memref<6xi32>
    affine.store %v1, %x[%i] : memref<6xi32>
    affine.for %j = 0 to affine_map<(d0) -> (d0)>(%i) {
      %v2 = affine.load %L[%i, %j] : memref<6x6xi32>
      %v3 = affine.load %x[%j] : memref<6xi32>
      %v4 = arith.muli %v2, %v3 : i32
      %v5 = affine.load %x[%i] : memref<6xi32>
      %v6 = arith.subi %v5, %v4 : i32
      affine.store %v6, %x[%i] : memref<6xi32>
    }
  }
  return
}
