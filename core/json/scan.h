/* Streaming scanner for API bodies: LIST pages and watch streams are taken apart as the bytes
 * arrive; no tree of the whole is made.
 *
 * A machine that checks the grammar frames documents by brace depth, not by newlines (client.md
 * 62). In LIST mode it emits each element of the top-level "items" array and, at the end, the
 * top-level "metadata" object; in WATCH mode each top-level object. Bytes of one item are
 * collected in a buffer with a maximum; over it (or over the depth cap) the item is skipped,
 * counted, and emitted with `skipped` set and its first item_max bytes, so that its name can be
 * told (quarantine). A partial tail at the end is a truncation, never an item.
 *
 * RK_E_SYNTAX ("byte 17: expected ':', found ','"): anything but JSON (a byte order mark too),
 * text behind a LIST, a top level that is not an object, an element of items that is not one,
 * "items" or "metadata" twice at the top. items that is null is an empty list. UTF-8 is not
 * checked here: an ill-formed text is one object's problem (rk_json_parse tells), not the
 * stream's. Depth cap: 128 within an item. */
#ifndef RK_JSON_SCAN_H
#define RK_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum rk_scan_mode { RK_SCAN_LIST, RK_SCAN_WATCH };
enum rk_scan_what {
    /* LIST: one element of items. WATCH: one event object. */
    RK_SCAN_ITEM,
    /* LIST: top-level "metadata" if it is an object, wherever it stands; once, at the end. */
    RK_SCAN_META,
    /* LIST whose top level is not a list (kind Status): the whole document, at the end. */
    RK_SCAN_OTHER,
};

struct rk_scan;
/* `body` is borrowed during the call. A negative return stops the scan and is returned by
 * rk_scan_feed. */
typedef int rk_scan_fn(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                       struct rk_err *err);

struct rk_scan *rk_scan_new(enum rk_scan_mode mode, size_t item_max, rk_scan_fn *fn, void *ctx);
void rk_scan_free(struct rk_scan *s);
/* Any split of the bytes gives the same items. After a failure (ours or the callback's) the scan
 * stays failed. */
int rk_scan_feed(struct rk_scan *s, const char *p, size_t n, struct rk_err *err);
int rk_scan_end(struct rk_scan *s, struct rk_err *err); /* RK_E_SYNTAX when a tail is partial */

/* In all paths below words are separated by '/'; ~1 in a word is /, ~0 is ~
 * ("metadata/labels/app.kubernetes.io~1name").
 *
 * One value inside a framed object without making a tree: plain keys, e.g.
 * "object/metadata/uid". Returns the raw span (strings with their quotes), absent when missing.
 * Keys are compared after unescaping; of equal keys the first counts. O(bytes). Works on the
 * kept prefix of a skipped item too: what is cut is absent. */
struct rk_span rk_scan_get(struct rk_span object, const char *path);
/* Unescaped text of a raw string span into dst (always terminated, "" on error); RK_E_INVAL when
 * it is not a string or holds a bad escape, \u0000 or half a surrogate pair; RK_E_LIMIT when it
 * does not fit. */
int rk_scan_text(struct rk_span raw, char *dst, size_t dst_size);
/* Copy `object` keeping only the given paths (`*` = every element of an array or member of an
 * object; a kept path keeps its whole subtree), minified, original number text and order. Paths
 * that are absent are simply not there; objects and arrays on the way of a path stay, be they
 * empty then (the elements of an array keep their places). At most 128 paths of 12 words.
 * RK_E_SYNTAX on malformed input and when a named key stands there twice; RK_E_LIMIT on depth
 * and when `out` is full; RK_E_INVAL on a bad path. On failure `out` has its former length. */
int rk_scan_project(struct rk_span object, const char *const *keep, size_t n_keep,
                    struct rk_buf *out, struct rk_err *err);
/* The opposite: copy without the given paths ("metadata/managedFields"). Same errors. */
int rk_scan_without(struct rk_span object, const char *const *drop, size_t n_drop,
                    struct rk_buf *out, struct rk_err *err);

#endif
