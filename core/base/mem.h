/* Heap memory. Out of memory ends the process with RK_EXIT_MEMORY: it is crash-only and the next start converges (DESIGN 4).
 * Raw malloc/calloc/realloc/strdup outside core/base are refused by the house check. */
#ifndef RK_BASE_MEM_H
#define RK_BASE_MEM_H

#include <stddef.h>

#define RK_EXIT_MEMORY 77

void *rk_alloc(size_t n);            /* zeroed, never NULL; n = 0 gives a unique pointer */
void *rk_realloc(void *p, size_t n); /* never NULL */
void *rk_alloc_array(size_t count, size_t size); /* zeroed; overflow of count*size aborts */
char *rk_strdup(const char *s);                  /* NULL in, NULL out */
char *rk_strndup(const char *s, size_t n);
void rk_free(void *p);           /* NULL is fine */
void rk_wipe(void *p, size_t n); /* overwrite a secret; not optimised away */

#endif
