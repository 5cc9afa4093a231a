/* Time: the two clocks and the text forms that the API server reads and writes. */
#include "core/base/clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/err.h"

#define US_PER_S INT64_C(1000000)
/* The first and last second that four digits of a year can say. */
#define FIRST_S INT64_C(-62167219200)
#define LAST_S  INT64_C(253402300799)

int64_t rk_clock_us(void)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_BOOTTIME, &t);
    assert(rc == 0);
    (void)rc;
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t rk_clock_ms(void)
{
    return rk_clock_us() / 1000;
}

int64_t rk_clock_wall_us(void)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_REALTIME, &t);
    assert(rc == 0);
    (void)rc;
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* Seconds and microseconds, rounding down also before 1970. Times past the four-digit years are clamped. */
static struct tm split(int64_t wall_us, unsigned *ret_us)
{
    int64_t s = wall_us / US_PER_S, us = wall_us % US_PER_S;
    if (us < 0) {
        us += US_PER_S;
        s--;
    }
    s = s < FIRST_S ? FIRST_S : s > LAST_S ? LAST_S : s;
    time_t t = (time_t)s;
    struct tm tm = {0};
    struct tm *done = gmtime_r(&t, &tm);
    assert(done);
    (void)done;
    *ret_us = (unsigned)us;
    return tm;
}

/* Digits by hand: the compiler cannot prove that a tm's fields are small, and would want a larger buffer. */
static char *digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + width;
}

static char *seconds_text(const struct tm *tm, char *p)
{
    p = digits(p, tm->tm_year + 1900, 4);
    *p++ = '-';
    p = digits(p, tm->tm_mon + 1, 2);
    *p++ = '-';
    p = digits(p, tm->tm_mday, 2);
    *p++ = 'T';
    p = digits(p, tm->tm_hour, 2);
    *p++ = ':';
    p = digits(p, tm->tm_min, 2);
    *p++ = ':';
    return digits(p, tm->tm_sec, 2);
}

void rk_time_text(int64_t wall_us, char *out)
{
    unsigned us;
    struct tm tm = split(wall_us, &us);
    char *p = seconds_text(&tm, out);
    *p++ = 'Z';
    *p = '\0';
}

void rk_time_text_micro(int64_t wall_us, char *out)
{
    unsigned us;
    struct tm tm = split(wall_us, &us);
    char *p = seconds_text(&tm, out);
    *p++ = '.';
    p = digits(p, (int)us, 6);
    *p++ = 'Z';
    *p = '\0';
}

/* Exactly `width` digits in [min, max], then the character `then` (0 = none). Moves *p. */
static bool field(const char **p, int width, int min, int max, char then, int *ret)
{
    int value = 0;
    for (int i = 0; i < width; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        value = value * 10 + (**p - '0');
    }
    if (value < min || value > max)
        return false;
    if (then && **p != then && !(then == 'T' && **p == 't'))
        return false;
    *p += then != 0;
    *ret = value;
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Fraction of a second: any number of digits, the first six count. */
static bool fraction(const char **p, int64_t *ret_us)
{
    *ret_us = 0;
    if (**p != '.')
        return true;
    (*p)++;
    int64_t unit = US_PER_S / 10;
    const char *start = *p;
    for (; **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        *ret_us += (**p - '0') * unit;
    return *p > start;
}

static bool offset(const char **p, int64_t *ret_s)
{
    *ret_s = 0;
    char sign = *(*p)++;
    if (sign == 'Z' || sign == 'z')
        return true;
    int hour, minute;
    if ((sign != '+' && sign != '-') || !field(p, 2, 0, 23, ':', &hour) ||
        !field(p, 2, 0, 59, 0, &minute))
        return false;
    *ret_s = (sign == '-' ? -1 : 1) * (int64_t)(hour * 3600 + minute * 60);
    return true;
}

int rk_time_parse(const char *text, int64_t *ret_wall_us)
{
    const char *p = text;
    int year, month, day, hour, minute, second;
    int64_t us, east_s;
    if (!field(&p, 4, 0, 9999, '-', &year) || !field(&p, 2, 1, 12, '-', &month) ||
        !field(&p, 2, 1, days_in(year, month), 'T', &day) || !field(&p, 2, 0, 23, ':', &hour) ||
        !field(&p, 2, 0, 59, ':', &minute) || !field(&p, 2, 0, 59, 0, &second) ||
        !fraction(&p, &us) || !offset(&p, &east_s) || *p)
        return RK_E_INVAL;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    *ret_wall_us = ((int64_t)timegm(&tm) - east_s) * US_PER_S + us;
    return 0;
}
