/* Kubernetes quantities, exactly: value in nano units as 128-bit integer, format remembered (k8s.io/apimachinery resource.Quantity).
 * Suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, exponents e3 E-2; sign allowed; finer than nano rounds up, as the API server does. */
#ifndef RK_JSON_QUANTITY_H
#define RK_JSON_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

enum rk_quantity_format {
    RK_QUANTITY_DECIMAL_SI,
    RK_QUANTITY_BINARY_SI,
    RK_QUANTITY_DECIMAL_EXPONENT
};

/* No ISO C type is wide enough for 2^63 whole units in nano. */
__extension__ typedef __int128 rk_int128;

struct rk_quantity {
    rk_int128 nano;
    enum rk_quantity_format format;
};

/* RK_E_INVAL with the reason ("unknown suffix 'KB'"). Binary values of more than 2^63-1 whole units are clamped to that, as the API server
 * clamps them; decimal ones, which it lets grow without bound, to 1.7e29 units. Stricter than Go in one point: a text without a digit
 * ("-", ".", "Ki"), which Go reads as zero, is refused; the pattern in CRDs refuses it too. */
int rk_quantity_parse(const char *text, struct rk_quantity *ret, struct rk_err *err);
/* Whole units, fractions rounded away from zero as Go's Value() does: 1500m -> 2, -1500m -> -2. Saturates (Go wraps around). */
int64_t rk_quantity_ceil(struct rk_quantity q);
/* Sum; format of the first non-zero operand (a's when both are zero). Saturates at +-1.7e29 units. */
struct rk_quantity rk_quantity_add(struct rk_quantity a, struct rk_quantity b);
struct rk_quantity rk_quantity_mul(struct rk_quantity a, int64_t times);
int rk_quantity_cmp(struct rk_quantity a, struct rk_quantity b); /* -1, 0, 1 */
/* Canonical text as Go prints it ("1500m", "6Gi", "2", "12e6" form for exponents). out has RK_QUANTITY_TEXT bytes. */
#define RK_QUANTITY_TEXT 64
void rk_quantity_text(struct rk_quantity q, char *out);

#endif
