/* What a plugin's command said: documents on stdout, failures and notices on stderr, steps listed and, when asked for, taken. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cmd/command.h"
#include "core/json/path.h"
#include "core/json/yaml.h"

#define OUT_MAX (256u << 20)

/* ---- documents ---- */

static int print_yaml(const struct rk_command_result *r, const cJSON *doc, struct rk_buf *out)
{
    struct rk_yaml_note *notes = rk_alloc_array(r->n_comments + 1, sizeof *notes);
    size_t n = 0;
    for (size_t i = 0; i < r->n_comments; i++) {
        const struct rk_comment *c = &r->comments[i];
        const cJSON *at = NULL;
        if (c->document != doc)
            continue;
        at = c->path[0] ? rk_path_get(doc, c->path) : doc;
        if (at)
            notes[n++] = (struct rk_yaml_note){at, c->text};
    }
    int rc = rk_yaml_print_noted(doc, notes, n, out);
    rk_free(notes);
    return rc;
}

static int print_documents(const struct rk_command_run *run, const struct rk_command_result *r,
                           struct rk_buf *out)
{
    int rc = 0;
    size_t trees = 0;
    for (size_t i = 0; rc == 0 && i < r->n_documents; i++) {
        const char *text = rk_json_str(r->documents[i], NULL);
        if (text) {
            rc = rk_buf_adds(out, text);
        } else if (run->json) {
            rc = rk_buf_adds(out, trees++ ? ",\n" : "[");
            rc = rc ? rc : rk_json_print_pretty(r->documents[i], out);
        } else {
            rc = rk_buf_adds(out, trees++ ? "---\n" : "");
            rc = rc ? rc : print_yaml(r, r->documents[i], out);
        }
    }
    if (run->json && trees)
        (void)rk_buf_adds(out, "]\n"); /* a full buffer is told by the caller */
    return out->full ? RK_E_LIMIT : rc;
}

/* ---- words ---- */

/* A text of several lines stays behind its number. */
static void say(const char *front, const struct rk_told *t)
{
    struct rk_span rest = rk_span_of(t->text), line;
    bool first = true;
    fprintf(stderr, "%s%s%s", front, t->where, t->where[0] && t->text[0] ? ": " : "");
    for (; rk_span_next(&rest, '\n', &line); first = false)
        fprintf(stderr, "%s%.*s", first ? "" : "\n    ", (int)line.n, line.p);
    fputc('\n', stderr);
}

/* Returns whether something is lossy. */
static bool say_notices(const struct rk_command_result *r)
{
    bool lossy = false;
    char front[64];
    for (size_t i = 0; i < r->n_notices; i++) {
        (void)snprintf(front, sizeof front, "%zu. %s", i + 1, r->notices[i].lossy ? "lossy: " : "");
        say(front, &r->notices[i]);
        lossy |= r->notices[i].lossy;
    }
    return lossy;
}

/* ---- steps ---- */

static const char *verb_of(uint32_t verb)
{
    static const char *const words[] = {"", "create", "patch", "delete", "wait until gone:", ""};
    return words[verb]; /* checked when it was said */
}

static void list_step(FILE *to, const struct rk_command_result *r, size_t i)
{
    const rk_step *s = &r->steps[i];
    fprintf(to, "%zu/%zu %s\n", i + 1, r->n_steps, s->title);
    if (s->verb != RK_STEP_TELL)
        fprintf(to, "      %s %s/%s%s%s\n", verb_of(s->verb), s->plural, s->name,
                s->ns[0] ? " -n " : "", s->ns);
}

static bool confirmed(const struct rk_command_run *run, size_t n)
{
    char word[16] = "";
    if (run->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "raykeeper %s: nobody is there to confirm: give --yes\n", run->c->name);
        return false;
    }
    fprintf(stderr, "Take these %zu steps on %s? Type yes: ", n, run->live.server);
    fflush(stderr);
    return fgets(word, sizeof word, stdin) && strcmp(word, "yes\n") == 0;
}

static int take_steps(struct rk_command_run *run, const struct rk_command_result *r)
{
    if (!confirmed(run, r->n_steps)) {
        fprintf(stderr, "nothing was done\n");
        return 1;
    }
    for (size_t i = 0; i < r->n_steps; i++) {
        struct rk_err err = RK_ERR_INIT;
        const rk_step *s = &r->steps[i];
        fprintf(stderr, "%zu/%zu %s ... ", i + 1, r->n_steps, s->title);
        fflush(stderr);
        if (rk_live_step(&run->live, s, &err) != 0) {
            fprintf(
                stderr,
                "failed\nraykeeper %s: step %zu: %s %s/%s: %s; the steps after it were not taken\n",
                run->c->name, i + 1, verb_of(s->verb), s->plural, s->name, err.text);
            return 1;
        }
        fprintf(stderr, "%s\n", s->verb == RK_STEP_TELL ? "" : "done");
    }
    return 0;
}

void rk_command_said(void *ctx, const struct rk_command_result *r)
{
    struct rk_command_run *run = ctx;
    struct rk_buf out;
    char front[128];
    run->code = 1;
    (void)snprintf(front, sizeof front, "raykeeper %s: ", run->c->name);
    for (size_t i = 0; i < r->n_failures; i++)
        say(front, &r->failures[i]);
    if (r->n_failures)
        return;
    rk_buf_init(&out, OUT_MAX);
    if (print_documents(run, r, &out) != 0) {
        fprintf(stderr, "%sthe output is over 256 MiB\n", front);
    } else {
        fputs(rk_buf_text(&out), stdout);
        run->code = say_notices(r) ? 2 : 0;
        for (size_t i = 0; run->plan && i < r->n_steps; i++)
            list_step(stdout, r, i);
        bool seen = fflush(stdout) == 0 && !ferror(stdout); /* if not, main tells */
        if (run->apply && r->n_steps && (!seen || take_steps(run, r) != 0))
            run->code = 1;
    }
    rk_buf_done(&out);
}
