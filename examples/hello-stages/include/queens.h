// What the library offers and the program looks up when it starts.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// The number of ways to set `size` queens on a board of that size, none attacking another.
long queens(int size);

#ifdef __cplusplus
}
#endif
