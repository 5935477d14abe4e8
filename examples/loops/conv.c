// A 3x3 convolution of int8 with bias, ReLU and requantization, as loops.
#include <stdint.h>

void conv(int8_t x[16][16][16], int8_t w[32][16][3][3], int32_t b[32], int8_t y[32][14][14]) {
  for (int o = 0; o < 32; o++) {
    for (int i = 0; i < 14; i++) {
      for (int j = 0; j < 14; j++) {
        int32_t sum = b[o];
        for (int c = 0; c < 16; c++)
          for (int p = 0; p < 3; p++)
            for (int q = 0; q < 3; q++)
              sum += x[c][i + p][j + q] * w[o][c][p][q];
        sum = (sum + 128) >> 8;
        y[o][i][j] = sum < 0 ? 0 : sum > 127 ? 127 : sum;
      }
    }
  }
}
