/* Does a start line carry a secret in plain words? It would be copied into an object that everybody may read, so it is refused by its
 * name; its value is never printed. */
#include "convert.h"

/* NAME, --name and name_of_it alike: the end of a name decides. "max_tokens" and "PASSWORD_FILE" are none. */
static int secretive(struct lg *c, const char *name)
{
    static const char *const ends[] = {"password",   "passwd",        "passphrase",  "secret",
                                       "token",      "credential",    "credentials", "access_key",
                                       "secret_key", "api_key",       "apikey",      "private_key",
                                       "auth_key",   "redis_username"};
    size_t n = strlen(name);
    char *low = c->rk->alloc(c->ps, n + 1);
    for (size_t i = 0; i < n; i++)
        low[i] = (char)(name[i] == '-'                     ? '_'
                        : name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32
                                                           : name[i]);
    for (size_t i = 0; i < RK_COUNT(ends); i++) {
        size_t k = strlen(ends[i]);
        if (n >= k && rk_is(low + n - k, ends[i]))
            return 1;
    }
    return 0;
}

#define TOKEN_MIN 20 /* a user's name is shorter */

/* "scheme://user:password@host", or a token alone before the @; in any of several. */
static int in_address(const char *word)
{
    for (const char *at = strstr(word, "://"); at; at = strstr(at + 3, "://")) {
        size_t n = strcspn(at + 3, "/@");
        const char *colon = at[3 + n] == '@' ? memchr(at + 3, ':', n) : NULL;
        if (colon ? colon[1] != '@' && colon[1] != '$'
                  : at[3 + n] == '@' && n >= TOKEN_MIN && at[3] != '$')
            return 1;
    }
    return 0;
}

static const char *in_words(struct lg *c, const char *text, int depth)
{
    size_t n;
    const struct lg_word *w = lg_words(c, text, &n);
    for (size_t i = 0; i < n; i++) {
        const char *name = w[i].plain, *eq = strchr(name, '=');
        if (in_address(name))
            return "an address with a password in it";
        if (rk_is_ci(name, "Authorization:") && i + 2 < n && w[i + 2].plain[0] != '$')
            return "Authorization";
        if (strpbrk(name, " \n") && depth < 3) { /* bash -c '...' */
            const char *inner = in_words(c, name, depth + 1);
            if (inner)
                return inner;
        }
        while (*name == '-')
            name++;
        int option = name > w[i].plain;
        const char *value = eq ? eq + 1 : option && i + 1 < n ? w[i + 1].plain : "";
        if (eq)
            name = c->rk->fmt(c->ps, "%.*s", (int)(eq > name ? eq - name : 0), name);
        if (secretive(c, name) && value[0] && value[0] != '$' && (eq || value[0] != '-'))
            return name;
    }
    return NULL;
}

const char *lg_secret(struct lg *c, const char *text)
{
    return in_words(c, text, 0);
}
