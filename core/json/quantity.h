/* Kubernetes quantities, exactly: value in nano units as 128-bit integer, format remembered (k8s.io/apimachinery resource.Quantity).
 * Suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, exponents e3 E-2; sign allowed; finer than nano rounds up, as the API server does. */
#ifndef RK_JSON_QUANTITY_H
#define RK_JSON_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

enum rk_quantity_format { RK_QUANTITY_DECIMAL_SI, RK_QUANTITY_BINARY_SI, RK_QUANTITY_DECIMAL_EXPONENT };

struct rk_quantity {
    __int128 nano;
    enum rk_quantity_format format;
};

/* RK_E_INVAL with the reason ("unknown suffix 'KB'"); values of more than 2^63-1 whole units are clamped as the API server clamps them. */
int rk_quantity_parse(const char *text, struct rk_quantity *ret, struct rk_err *err);
int64_t rk_quantity_ceil(struct rk_quantity q);                  /* whole units, rounded up (away from zero for positive): 1500m -> 2 */
/* Sum; format of the first non-zero operand (a's when both are zero). Saturates. */
struct rk_quantity rk_quantity_add(struct rk_quantity a, struct rk_quantity b);
struct rk_quantity rk_quantity_mul(struct rk_quantity a, int64_t times);
int rk_quantity_cmp(struct rk_quantity a, struct rk_quantity b);
/* Canonical text as Go prints it ("1500m", "6Gi", "2", "12e6" form for exponents). out has RK_QUANTITY_TEXT bytes. */
#define RK_QUANTITY_TEXT 64
void rk_quantity_text(struct rk_quantity q, char *out);

#endif
