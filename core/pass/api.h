/* Shared inside the pass room only: the functions of rk_api that do not live in api.c. See
 * raykeeper/plugin.h for what they promise. */
#ifndef RK_PASS_API_H
#define RK_PASS_API_H

#include "core/pass/room.h"

/* api_json.c */
const rk_json *rk__api_at(const rk_json *v, const char *path);
int32_t rk__api_type(const rk_json *value);
const char *rk__api_str(const rk_json *v, const char *path, const char *dflt);
int64_t rk__api_num(const rk_json *v, const char *path, int64_t dflt);
int rk__api_truth(const rk_json *v, const char *path, int dflt);
const char *rk__api_number_text(const rk_json *v);
size_t rk__api_len(const rk_json *v, const char *path);
const rk_json *rk__api_item(const rk_json *v, size_t index);
const rk_json *rk__api_next(const rk_json *item);
const char *rk__api_key(const rk_json *item);
rk_json *rk__api_new_str(rk_pass *ps, const char *s);
rk_json *rk__api_new_num(rk_pass *ps, int64_t n);
rk_json *rk__api_new_bool(rk_pass *ps, int b);
rk_json *rk__api_new_object(rk_pass *ps);
rk_json *rk__api_new_array(rk_pass *ps);
rk_json *rk__api_copy(rk_pass *ps, const rk_json *v);
void rk__api_put(rk_pass *ps, rk_json *object, const char *key, rk_json *value);
void rk__api_push(rk_pass *ps, rk_json *array, rk_json *value);
rk_json *rk__api_parse(rk_pass *ps, const char *text, size_t n);
rk_json *rk__api_yaml(rk_pass *ps, const char *text, size_t n);
const char *rk__api_print(rk_pass *ps, const rk_json *v);
const char *rk__api_print_sorted(rk_pass *ps, const rk_json *v);
const char *rk__api_digest(rk_pass *ps, const rk_json *v);
int rk__api_equal(const rk_json *a, const rk_json *b);
int32_t rk__api_qty_value(const char *text, int64_t *ret);
const char *rk__api_qty_add(rk_pass *ps, const char *a, const char *b);
const char *rk__api_qty_mul(rk_pass *ps, const char *a, int64_t times);

/* api_say.c */
void *rk__api_alloc(rk_pass *ps, size_t n);
const char *rk__api_fmt(rk_pass *ps, const char *f, ...) __attribute__((format(printf, 2, 3)));
const char *rk__api_join(rk_pass *ps, const char *const *parts, size_t n);
const rk_json *rk__api_object(rk_pass *ps);
const char *rk__api_name(rk_pass *ps);
const char *rk__api_ns(rk_pass *ps);
const char *rk__api_uid(rk_pass *ps);
const char *rk__api_kind(rk_pass *ps);
int64_t rk__api_now_ms(rk_pass *ps);
const char *rk__api_now_text(rk_pass *ps);
int rk__api_deleting(rk_pass *ps);
const char *rk__api_role(rk_pass *ps);
const char *rk__api_group_name(rk_pass *ps);
const rk_json *rk__api_group(rk_pass *ps);
const rk_member *rk__api_member(rk_pass *ps);
rk_obj *rk__api_subject(rk_pass *ps);
rk_obj *rk__api_start(rk_pass *ps);
const char *rk__api_subject_gvk(rk_pass *ps);
size_t rk__api_failures(rk_pass *ps);
int32_t rk__api_failure(rk_pass *ps, size_t i, const char **ret_field, const char **ret_text);
int32_t rk__api_fail_text(rk_pass *ps, int32_t code, const char *field, const char *text);
int32_t rk__api_fail(rk_pass *ps, int32_t code, const char *field, const char *f, ...)
    __attribute__((format(printf, 4, 5)));
int32_t rk__api_wait(rk_pass *ps, int64_t after_ms, const char *why);
void rk__api_event(rk_pass *ps, int warning, const char *reason, const char *action,
                   const char *note);
int32_t rk__api_notice(rk_pass *ps, int32_t level, const char *where, const char *f, ...)
    __attribute__((format(printf, 4, 5)));
void rk__api_log(rk_pass *ps, int level, const char *msg, const rk_kv *kv, size_t n);

#endif
