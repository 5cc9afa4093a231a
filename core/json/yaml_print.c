/* JSON trees to YAML in block style, through libyaml's emitter. What a reader would take for
 * something else is quoted; texts of several lines become literal blocks where those keep every
 * byte. */
#include <string.h>

#include <yaml.h>

#include "core/json/yaml.h"
#include "core/json/yaml_room.h"

static int write_out(void *data, unsigned char *bytes, size_t n)
{
    return rk_buf_add(data, bytes, n) == 0;
}

/* Breaks that YAML knows besides the line feed (CR, NEL, LS, PS) would be read back as line
 * feeds. */
static bool has_odd_break(const char *s)
{
    return strchr(s, '\r') || strstr(s, "\xC2\x85") || strstr(s, "\xE2\x80\xA8") ||
           strstr(s, "\xE2\x80\xA9");
}

static yaml_scalar_style_t style_of(const char *s, bool key)
{
    if (has_odd_break(s))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (strchr(s, '\n') != NULL) {
        bool block = !key && s[0] != ' ' && s[0] != '\n' && s[0] != '\t' && strchr(s, '\t') == NULL;
        return block ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    return rk__yaml_ambiguous(s) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
}

static bool put_scalar(yaml_emitter_t *e, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t ev;
    size_t n = strlen(text);
    return n <= INT32_MAX &&
           yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text, (int)n, 1, 1,
                                        style) &&
           yaml_emitter_emit(e, &ev);
}

static bool put_node(yaml_emitter_t *e, const cJSON *v);

static bool put_array(yaml_emitter_t *e, const cJSON *v)
{
    yaml_event_t ev;
    yaml_sequence_style_t style = v->child ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE;
    if (!yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1, style) ||
        !yaml_emitter_emit(e, &ev))
        return false;
    for (const cJSON *c = v->child; c != NULL; c = c->next)
        if (!put_node(e, c))
            return false;
    return yaml_sequence_end_event_initialize(&ev) && yaml_emitter_emit(e, &ev);
}

static bool put_object(yaml_emitter_t *e, const cJSON *v)
{
    yaml_event_t ev;
    yaml_mapping_style_t style = v->child ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE;
    if (!yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1, style) ||
        !yaml_emitter_emit(e, &ev))
        return false;
    for (const cJSON *c = v->child; c != NULL; c = c->next)
        if (!put_scalar(e, c->string, style_of(c->string, true)) || !put_node(e, c))
            return false;
    return yaml_mapping_end_event_initialize(&ev) && yaml_emitter_emit(e, &ev);
}

static bool put_node(yaml_emitter_t *e, const cJSON *v)
{
    if (rk_json_is_object(v))
        return put_object(e, v);
    if (rk_json_is_array(v))
        return put_array(e, v);
    const char *text = rk_json_str(v, NULL);
    if (text != NULL)
        return put_scalar(e, text, style_of(text, false));
    if (rk_json_is_number(v))
        return put_scalar(e, rk_json_num_text(v), YAML_PLAIN_SCALAR_STYLE);
    if (rk_json_is_bool(v))
        return put_scalar(e, cJSON_IsTrue(v) ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
    return put_scalar(e, "null", YAML_PLAIN_SCALAR_STYLE);
}

static bool put_document(yaml_emitter_t *e, const cJSON *v)
{
    yaml_event_t ev;
    if (!yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) ||
        !yaml_emitter_emit(e, &ev) ||
        !yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) ||
        !yaml_emitter_emit(e, &ev))
        return false;
    return put_node(e, v) && yaml_document_end_event_initialize(&ev, 1) &&
           yaml_emitter_emit(e, &ev) && yaml_stream_end_event_initialize(&ev) &&
           yaml_emitter_emit(e, &ev);
}

int rk_yaml_print(const cJSON *v, struct rk_buf *out)
{
    yaml_emitter_t e;
    if (!yaml_emitter_initialize(&e))
        return RK_E_LIMIT;
    yaml_emitter_set_output(&e, write_out, out);
    yaml_emitter_set_unicode(&e, 1);
    yaml_emitter_set_indent(&e, 2);
    yaml_emitter_set_width(&e, -1);
    bool ok = put_document(&e, v) && yaml_emitter_flush(&e);
    yaml_emitter_delete(&e);
    return ok && !out->full ? 0 : RK_E_LIMIT;
}
