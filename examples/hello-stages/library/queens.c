#include "queens.h"

// One bit a column; the diagonals shift by one with every row.
static long place(unsigned all, unsigned columns, unsigned left, unsigned right) {
  if (columns == all) return 1;
  long count = 0;
  for (unsigned free = all & ~(columns | left | right); free != 0; free &= free - 1) {
    unsigned queen = free & -free;
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return count;
}

long queens(int size) { return size < 1 ? 1 : place((1u << size) - 1, 0, 0, 0); }
