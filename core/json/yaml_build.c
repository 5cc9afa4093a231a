/* YAML events to a JSON tree: typing, keys, anchors, merge keys, and the caps. */
#include "core/json/yaml_build.h"

#include <assert.h>
#include <string.h>

#include "core/json/yaml_room.h"

#define MANY_KEYS 16 /* mappings with more keys look them up in a map */
#define CORE_TAG  "tag:yaml.org,2002:"

void rk__yaml_build_init(struct rk__yaml_build *b, struct rk_arena *a, const char *file,
                         struct rk_err *err)
{
    memset(b, 0, sizeof *b);
    b->arena = a;
    b->file = file;
    b->err = err;
    rk_map_init(&b->anchors, NULL);
}

static void pop(struct rk__yaml_build *b)
{
    struct rk__yaml_frame *f = &b->frames[--b->depth];
    if (f->keys_mapped)
        rk_map_done(&f->keys);
}

void rk__yaml_build_done(struct rk__yaml_build *b)
{
    while (b->depth > 0)
        pop(b);
    rk_map_done(&b->anchors);
}

void rk__yaml_build_document(struct rk__yaml_build *b)
{
    assert(b->depth == 0);
    rk_map_done(&b->anchors);
    rk_map_init(&b->anchors, NULL);
    b->root = NULL;
    b->empty = false;
}

static struct rk__yaml_frame *top(struct rk__yaml_build *b)
{
    return b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
}

/* Put a finished or just opened value where it belongs. */
static void attach(struct rk__yaml_build *b, cJSON *node)
{
    struct rk__yaml_frame *f = top(b);
    if (f == NULL) {
        b->root = node;
    } else if (rk_json_is_array(f->node)) {
        rk_json_push(f->node, node);
    } else if (f->merging) {
        rk_json_push(f->merges, node);
        f->merging = false;
    } else {
        rk_json_add(b->arena, f->node, f->key, node);
        f->key = NULL;
    }
}

static bool wants_key(const struct rk__yaml_frame *f)
{
    return f != NULL && rk_json_is_object(f->node) && f->key == NULL && !f->merging;
}

/* A key not seen before in this mapping? */
static bool key_is_new(struct rk__yaml_frame *f, const char *key)
{
    if (!f->keys_mapped) {
        if (rk_json_get(f->node, key) != NULL)
            return false;
        if (++f->n_keys <= MANY_KEYS)
            return true;
        rk_map_init(&f->keys, NULL);
        f->keys_mapped = true;
        for (cJSON *c = f->node->child; c != NULL; c = c->next)
            rk_map_put(&f->keys, c->string, f);
    }
    if (rk_map_get(&f->keys, key) != NULL)
        return false;
    rk_map_put(&f->keys, key, f);
    return true;
}

static int take_key(struct rk__yaml_build *b, const char *key, yaml_mark_t at)
{
    struct rk__yaml_frame *f = top(b);
    if (!key_is_new(f, key))
        return rk__yaml_fail(b, at, RK_E_SYNTAX, "key \"%s\" is there twice", key);
    f->key = rk_arena_strdup(b->arena, key);
    return 0;
}

/* Scalars. */

/* The core tag behind the common prefix ("int"), "" when there is none and the value speaks for
 * itself, NULL for a foreign one. */
static const char *core_tag(const yaml_char_t *tag)
{
    const char *text = (const char *)tag;
    if (text == NULL)
        return "";
    if (strcmp(text, "!") == 0)
        return "str";
    if (strncmp(text, CORE_TAG, strlen(CORE_TAG)) != 0)
        return NULL;
    text += strlen(CORE_TAG);
    static const char *const known[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i]) == 0)
            return text;
    return NULL;
}

static bool tag_fits(const char *tag, enum rk__yaml_type type)
{
    switch (type) {
    case RK__YAML_INT:
        return strcmp(tag, "int") == 0 || strcmp(tag, "float") == 0;
    case RK__YAML_FLOAT:
    case RK__YAML_ENDLESS:
        return strcmp(tag, "float") == 0;
    case RK__YAML_TRUE:
    case RK__YAML_FALSE:
        return strcmp(tag, "bool") == 0;
    case RK__YAML_NULL:
        return strcmp(tag, "null") == 0;
    default:
        return false;
    }
}

static int scalar_node(struct rk__yaml_build *b, const yaml_event_t *ev, const char *text,
                       const char *tag, cJSON **ret)
{
    char number[RK__YAML_NUMBER_BUF];
    bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (strcmp(tag, "str") == 0 || (tag[0] == '\0' && !plain)) {
        *ret = rk_json_string(b->arena, text);
        return 0;
    }
    enum rk__yaml_type type = rk__yaml_resolve(text, number);
    if (tag[0] != '\0' && !tag_fits(tag, type))
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "\"%s\" is no !!%s", text, tag);
    switch (type) {
    case RK__YAML_NULL:
        *ret = rk_json_null(b->arena);
        return 0;
    case RK__YAML_TRUE:
    case RK__YAML_FALSE:
        *ret = rk_json_bool(b->arena, type == RK__YAML_TRUE);
        return 0;
    case RK__YAML_INT:
    case RK__YAML_FLOAT:
        *ret = rk_json_number_text(b->arena, number);
        return 0;
    case RK__YAML_ENDLESS:
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX,
                             "%s has no place in JSON; quote it if a text is meant", text);
    default:
        *ret = rk_json_string(b->arena, text);
        return 0;
    }
}

static void anchor(struct rk__yaml_build *b, const yaml_char_t *name, cJSON *node)
{
    if (name != NULL)
        rk_map_put(&b->anchors, (const char *)name, node);
}

static int key_scalar(struct rk__yaml_build *b, const yaml_event_t *ev, const char *text,
                      const char *tag)
{
    char out[RK__YAML_NUMBER_BUF];
    struct rk__yaml_frame *f = top(b);
    const char *key = text;
    bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (tag[0] == '\0' && plain) {
        if (strcmp(text, "<<") == 0) {
            f->merging = true;
            f->merge_mark = ev->start_mark;
            if (f->merges == NULL)
                f->merges = rk_json_array(b->arena);
            return 0;
        }
        key = rk__yaml_key_text(text, out);
        if (key == NULL)
            return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "null as a key");
    } else if (tag[0] != '\0' && strcmp(tag, "str") != 0) {
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "a key with the tag !!%s", tag);
    }
    anchor(b, ev->data.scalar.anchor, rk_json_string(b->arena, key));
    return take_key(b, key, ev->start_mark);
}

static int scalar(struct rk__yaml_build *b, const yaml_event_t *ev)
{
    const char *text = (const char *)ev->data.scalar.value;
    const char *tag = core_tag(ev->data.scalar.tag);
    if (tag == NULL || strcmp(tag, "map") == 0 || strcmp(tag, "seq") == 0)
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX,
                             "the tag %s is not supported for a scalar",
                             (const char *)ev->data.scalar.tag);
    if (strlen(text) != ev->data.scalar.length)
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "a text with a NUL character");
    if (wants_key(top(b)))
        return key_scalar(b, ev, text, tag);
    cJSON *node = NULL;
    int rc = scalar_node(b, ev, text, tag, &node);
    if (rc < 0)
        return rc;
    b->empty = b->depth == 0 && text[0] == '\0' && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    anchor(b, ev->data.scalar.anchor, node);
    attach(b, node);
    return 0;
}

/* Collections. */

static int open_collection(struct rk__yaml_build *b, const yaml_event_t *ev, bool mapping)
{
    const yaml_char_t *given = mapping ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
    const char *tag = core_tag(given), *own = mapping ? "map" : "seq";
    bool bang = given != NULL && strcmp((const char *)given, "!") == 0;
    if (tag == NULL || (tag[0] != '\0' && !bang && strcmp(tag, own) != 0))
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "the tag %s is not supported for a %s",
                             (const char *)given, mapping ? "mapping" : "sequence");
    if (wants_key(top(b)))
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "a %s as a key",
                             mapping ? "mapping" : "sequence");
    if (b->depth == RK__YAML_DEPTH)
        return rk__yaml_fail(b, ev->start_mark, RK_E_LIMIT, "nested deeper than %d",
                             RK__YAML_DEPTH);
    cJSON *node = mapping ? rk_json_object(b->arena) : rk_json_array(b->arena);
    anchor(b, mapping ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor, node);
    attach(b, node);
    struct rk__yaml_frame *f = &b->frames[b->depth++];
    memset(f, 0, sizeof *f);
    f->node = node;
    return 0;
}

/* Members of a merged mapping come in where the mapping has no such key: what is written out
 * wins, then the earlier merge. */
static void merge(struct rk__yaml_build *b, struct rk__yaml_frame *f, const cJSON *from)
{
    for (const cJSON *c = from->child; c != NULL; c = c->next)
        if (key_is_new(f, c->string))
            rk_json_add(b->arena, f->node, c->string,
                        rk_json_copy(b->arena, c)); /* `from` may have an anchor */
}

static int close_collection(struct rk__yaml_build *b)
{
    struct rk__yaml_frame *f = top(b);
    for (cJSON *m = f->merges != NULL ? f->merges->child : NULL; m != NULL; m = m->next) {
        bool ok = rk_json_is_object(m) || rk_json_is_array(m);
        for (cJSON *c = rk_json_is_array(m) ? m->child : NULL; c != NULL; c = c->next)
            ok = ok && rk_json_is_object(c);
        if (!ok)
            return rk__yaml_fail(b, f->merge_mark, RK_E_SYNTAX,
                                 "<< takes a mapping or a list of mappings");
        if (rk_json_is_object(m))
            merge(b, f, m);
        for (cJSON *c = rk_json_is_array(m) ? m->child : NULL; c != NULL; c = c->next)
            merge(b, f, c);
    }
    pop(b);
    return 0;
}

/* Aliases. */

struct weight {
    size_t nodes, bytes, depth;
};

static void weigh(const cJSON *v, size_t depth, struct weight *w)
{
    w->nodes++;
    w->bytes +=
        4 + (v->string ? strlen(v->string) : 0) + (v->valuestring ? strlen(v->valuestring) : 0);
    if ((rk_json_is_object(v) || rk_json_is_array(v)) && ++depth > w->depth)
        w->depth = depth;
    for (const cJSON *c = v->child; c != NULL; c = c->next)
        weigh(c, depth, w);
}

static int alias(struct rk__yaml_build *b, const yaml_event_t *ev)
{
    const char *name = (const char *)ev->data.alias.anchor;
    cJSON *node = rk_map_get(&b->anchors, name);
    if (node == NULL)
        return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX, "no anchor \"%s\" before this alias",
                             name);
    for (size_t i = 0; i < b->depth; i++)
        if (b->frames[i].node == node)
            return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX,
                                 "the anchor \"%s\" contains itself", name);
    if (wants_key(top(b))) {
        if (!rk_json_is_string(node))
            return rk__yaml_fail(b, ev->start_mark, RK_E_SYNTAX,
                                 "an alias as a key, and its anchor is no text");
        return take_key(b, node->valuestring, ev->start_mark);
    }
    struct weight w = {0, 0, 0};
    weigh(node, 0, &w);
    b->nodes += w.nodes;
    b->expanded += w.bytes;
    if (b->expanded > RK__YAML_EXPANSION || b->nodes > RK__YAML_NODES ||
        b->depth + w.depth > RK__YAML_DEPTH)
        return rk__yaml_fail(b, ev->start_mark, RK_E_LIMIT,
                             "aliases expand to more than %u bytes, %u nodes or depth %d",
                             RK__YAML_EXPANSION, RK__YAML_NODES, RK__YAML_DEPTH);
    cJSON *copy = rk_json_copy(b->arena, node);
    copy->string = NULL;
    attach(b, copy);
    return 0;
}

int rk__yaml_build_event(struct rk__yaml_build *b, const yaml_event_t *ev)
{
    if (ev->type == YAML_SEQUENCE_END_EVENT || ev->type == YAML_MAPPING_END_EVENT)
        return close_collection(b);
    if (++b->nodes > RK__YAML_NODES)
        return rk__yaml_fail(b, ev->start_mark, RK_E_LIMIT, "more than %u nodes", RK__YAML_NODES);
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return alias(b, ev);
    case YAML_SCALAR_EVENT:
        return scalar(b, ev);
    default:
        return open_collection(b, ev, ev->type == YAML_MAPPING_START_EVENT);
    }
}
