/* Streaming scanner for API bodies: LIST pages and watch streams are taken apart as the bytes arrive; no tree of the whole is made.
 *
 * A structural machine (depth, string, escape) frames documents by brace depth, not by newlines (client.md 62). In LIST mode it emits each element
 * of the top-level "items" array and, at the end, the top-level "metadata" object; in WATCH mode each top-level object. Bytes of one item
 * are collected in a buffer with a maximum; over it (or over the depth cap) the item is skipped, counted, and emitted with `skipped` set and
 * whatever prefix was kept, so that its name can be told (quarantine). A partial tail at the end is a truncation, never an item. */
#ifndef RK_JSON_SCAN_H
#define RK_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum rk_scan_mode { RK_SCAN_LIST, RK_SCAN_WATCH };
enum rk_scan_what {
    RK_SCAN_ITEM,      /* LIST: one element of items;  WATCH: one event object */
    RK_SCAN_META,      /* LIST: the value of top-level "metadata" (may come before or after the items) */
    RK_SCAN_OTHER,     /* LIST whose top level is not a list (kind Status): the whole document, at the end */
};

struct rk_scan;
/* `body` is borrowed during the call. A negative return stops the scan and is returned by rk_scan_feed. */
typedef int rk_scan_fn(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped, struct rk_err *err);

struct rk_scan *rk_scan_new(enum rk_scan_mode mode, size_t item_max, rk_scan_fn *fn, void *ctx);
void rk_scan_free(struct rk_scan *s);
int rk_scan_feed(struct rk_scan *s, const char *p, size_t n, struct rk_err *err);   /* any split of the bytes gives the same items */
int rk_scan_end(struct rk_scan *s, struct rk_err *err);                             /* RK_E_SYNTAX when a tail is partial */

/* One value inside a framed object without making a tree: plain keys, separated by '/', e.g. "object/metadata/uid". Returns the raw span
 * (strings with their quotes), absent when missing. Keys are compared after unescaping. O(bytes). */
struct rk_span rk_scan_get(struct rk_span object, const char *path);
/* Unescaped text of a raw string span into dst (always terminated); RK_E_INVAL when it is not a string, RK_E_LIMIT when it does not fit. */
int rk_scan_text(struct rk_span raw, char *dst, size_t dst_size);
/* Copy `object` keeping only the given paths (words separated by '/'; `*` = every element of an array or member of an object; a kept path keeps its
 * whole subtree), minified, original number text and order. Paths that are absent are simply not there. RK_E_SYNTAX on malformed input. */
int rk_scan_project(struct rk_span object, const char *const *keep, size_t n_keep, struct rk_buf *out, struct rk_err *err);
/* The opposite: copy without the given paths ("metadata/managedFields"). */
int rk_scan_without(struct rk_span object, const char *const *drop, size_t n_drop, struct rk_buf *out, struct rk_err *err);

#endif
