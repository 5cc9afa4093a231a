/* Time. Intervals use CLOCK_BOOTTIME, so that a suspended machine's sleep counts (client.md 51); wall time is only for texts. */
#ifndef RK_BASE_CLOCK_H
#define RK_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t rk_clock_ms(void);      /* CLOCK_BOOTTIME, milliseconds */
int64_t rk_clock_us(void);      /* the same in microseconds */
int64_t rk_clock_wall_us(void); /* CLOCK_REALTIME, microseconds since 1970 */

#define RK_TIME_TEXT 32
/* "2026-01-02T03:04:05Z" (metav1.Time) and "2026-01-02T03:04:05.000000Z" (metav1.MicroTime). out has RK_TIME_TEXT bytes.
 * Times outside the years 0..9999 are clamped to them. */
void rk_time_text(int64_t wall_us, char *out);
void rk_time_text_micro(int64_t wall_us, char *out);
/* RFC 3339 with optional fraction (cut to microseconds) and offset. RK_E_INVAL when it is not one, and for leap seconds, as in Go. */
int rk_time_parse(const char *text, int64_t *ret_wall_us);

#endif
