/* What a fuzz target gives: the entry that libFuzzer calls, and, for replay.c, texts to start from. */
#ifndef RK_TESTS_FUZZ_H
#define RK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Optional, each a list that ends with NULL: texts to start from, and pieces that mean something to this target. */
extern const char *const rk_fuzz_seeds[] __attribute__((weak));
extern const char *const rk_fuzz_words[] __attribute__((weak));

#endif
