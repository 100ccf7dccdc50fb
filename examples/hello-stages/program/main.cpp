#include <dlfcn.h>

#include <cstdlib>
#include <iostream>

#include "queens.h"

int main() {
  void* library = dlopen("libqueens.so", RTLD_NOW);
  if (library == nullptr) {
    std::cerr << dlerror() << '\n';
    return 1;
  }
  auto count = reinterpret_cast<decltype(&queens)>(dlsym(library, "queens"));
  const char* platform = std::getenv("HELLO_PLATFORM");
  std::cout << "hello from " << (platform ? platform : "somewhere") << ": eight queens stand in " << count(8)
            << " ways\n";
}
