/* See shared.h. */
#include "core/loop/shared.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#ifndef RK_BUILD_ID
#define RK_BUILD_ID "unknown"
#endif

int rk_shared_create(struct rk_shared **ret, int *ret_fd, struct rk_err *err)
{
    int fd = memfd_create("raykeeper", MFD_CLOEXEC);
    if (fd < 0)
        return rk_err_errno(err, errno, "shared memory: memfd_create");
    if (ftruncate(fd, (off_t)sizeof(struct rk_shared)) != 0) {
        int saved = errno;
        close(fd);
        return rk_err_errno(err, saved, "shared memory: ftruncate");
    }
    struct rk_shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s == MAP_FAILED) {
        int saved = errno;
        close(fd);
        return rk_err_errno(err, saved, "shared memory: mmap");
    }
    s->magic = RK_SHARED_MAGIC;
    s->size = sizeof(*s);
    (void)rk_str_copy(s->build, sizeof(s->build),
                      RK_BUILD_ID); /* a cut id still differs from another */
    *ret = s;
    *ret_fd = fd;
    return 0;
}

int rk_shared_open(int fd, struct rk_shared **ret, struct rk_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return rk_err_errno(err, errno, "shared memory: fstat");
    if (st.st_size != (off_t)sizeof(struct rk_shared))
        return rk_err_set(err, RK_E_CONFLICT, "shared memory: the master is of another build");
    struct rk_shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s == MAP_FAILED)
        return rk_err_errno(err, errno, "shared memory: mmap");
    if (s->magic != RK_SHARED_MAGIC || s->size != sizeof(*s) ||
        strncmp(s->build, RK_BUILD_ID, sizeof(s->build) - 1) != 0) {
        rk_shared_close(s);
        return rk_err_set(err, RK_E_CONFLICT, "shared memory: the master is of another build");
    }
    *ret = s;
    return 0;
}

void rk_shared_close(struct rk_shared *s)
{
    if (s)
        (void)munmap(s, sizeof(*s)); /* cannot fail for a mapping we made */
}

bool rk_shared_gate(const struct rk_shared *s, uint64_t epoch)
{
    return atomic_load(&s->leads) && atomic_load(&s->epoch) == epoch &&
           rk_clock_ms() < atomic_load(&s->renewed_ms) + atomic_load(&s->renew_ms);
}

static uint64_t name_key(const char *gvk, const char *ns, const char *name)
{
    uint64_t h = rk_hash64(gvk, strlen(gvk), 0x6e616d65u);
    h = rk_hash64(ns, strlen(ns), h);
    h = rk_hash64(name, strlen(name), h);
    return h ? h : 1;
}

#define PROBES 32u

static uint32_t name_slot(const struct rk_shared *s, uint64_t h, bool *ret_found)
{
    uint32_t empty = UINT32_MAX, freed = UINT32_MAX;
    *ret_found = false;
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t at = (uint32_t)(h + i) & (RK_SHARED_NAMES - 1);
        uint64_t there = atomic_load(&s->name_hash[at]);
        if (there == h) {
            *ret_found = true;
            return at;
        }
        if (there == 0 && empty == UINT32_MAX)
            empty = at;
        if (there != 0 && freed == UINT32_MAX && atomic_load(&s->name_state[at]) == RK_NAME_FREE)
            freed = at;
    }
    if (empty != UINT32_MAX || freed != UINT32_MAX)
        return empty != UINT32_MAX ? empty : freed;
    /* Full neighbourhood: forget one of it, chosen by the hash. An old name forgotten is a name that may be chosen again, no more. */
    return (uint32_t)(h + (h >> 32) % PROBES) & (RK_SHARED_NAMES - 1);
}

void rk_shared_name_set(struct rk_shared *s, const char *gvk, const char *ns, const char *name,
                        enum rk_name_state state)
{
    uint64_t h = name_key(gvk, ns, name);
    bool found;
    uint32_t at = name_slot(s, h, &found);
    atomic_store(&s->name_state[at], (uint8_t)state);
    atomic_store(&s->name_hash[at], h);
    if (!found)
        atomic_fetch_add(&s->names, 1);
}

enum rk_name_state rk_shared_name_get(const struct rk_shared *s, const char *gvk, const char *ns,
                                      const char *name)
{
    bool found;
    uint32_t at = name_slot(s, name_key(gvk, ns, name), &found);
    return found ? (enum rk_name_state)atomic_load(&s->name_state[at]) : RK_NAME_FREE;
}

static int64_t cpu_ms(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void put_down(struct rk_shared *s)
{
    if (atomic_load(&s->hand_seq) & 1)
        atomic_fetch_add(&s->hand_seq, 1);
}

void rk_shared_subject(struct rk_shared *s, const char *object, const char *uid, int64_t generation)
{
    put_down(s);
    rk_str_cut(s->hand_object, sizeof(s->hand_object), object ? object : "");
    rk_str_cut(s->hand_uid, sizeof(s->hand_uid), uid ? uid : "");
    atomic_store(&s->hand_generation, generation);
}

/* Odd while something is in hand: the fields are written while it is even, so that the master never pairs one hook's name with another's times. */
void rk_shared_hand(struct rk_shared *s, const char *plugin, const char *hook)
{
    put_down(s);
    if (!plugin)
        return;
    rk_str_cut(s->hand_plugin, sizeof(s->hand_plugin), plugin);
    rk_str_cut(s->hand_hook, sizeof(s->hand_hook), hook);
    if (strcmp(plugin, RK_HAND_CORE) != 0) /* our own time has no limit */
        atomic_store(&s->hand_cpu_ms, cpu_ms());
    atomic_fetch_add(&s->hand_seq, 1);
}

bool rk_shared_in_hand(const struct rk_shared *s, struct rk_hand *ret)
{
    struct rk_hand h = {.seq = atomic_load(&s->hand_seq)};
    if (!(h.seq & 1))
        return false;
    memcpy(h.plugin, s->hand_plugin, sizeof(h.plugin) - 1);
    memcpy(h.hook, s->hand_hook, sizeof(h.hook) - 1);
    memcpy(h.object, s->hand_object, sizeof(h.object) - 1);
    memcpy(h.uid, s->hand_uid, sizeof(h.uid) - 1);
    h.generation = atomic_load(&s->hand_generation);
    h.cpu_ms = atomic_load(&s->hand_cpu_ms);
    if (atomic_load(&s->hand_seq) != h.seq)
        return false; /* it went on meanwhile */
    *ret = h;
    return true;
}

int rk_shared_tell(struct rk_shared *s, const char *text, size_t n)
{
    if (n > sizeof(s->told.text))
        return RK_E_LIMIT;
    uint64_t seq = atomic_load(&s->told.seq) | 1; /* one who died while writing left it odd */
    atomic_store(&s->told.seq, seq);
    atomic_thread_fence(memory_order_release); /* no byte of it is there before the odd number */
    memcpy(s->told.text, text, n);
    atomic_store(&s->told.n, (uint32_t)n);
    atomic_store(&s->told.at_ms, rk_clock_ms());
    atomic_store(&s->told.seq, seq + 1);
    return 0;
}

char *rk_shared_told(const struct rk_shared *s, size_t *ret_n, int64_t *ret_at_ms)
{
    uint64_t seq = atomic_load(&s->told.seq);
    size_t n = atomic_load(&s->told.n);
    *ret_n = 0;
    *ret_at_ms = 0;
    if (seq == 0 || (seq & 1) || n == 0 || n > sizeof(s->told.text))
        return NULL;
    char *copy = rk_strndup(s->told.text, n);
    int64_t at_ms = atomic_load(&s->told.at_ms);
    atomic_thread_fence(memory_order_acquire); /* all bytes were read before the second look */
    if (atomic_load(&s->told.seq) != seq) {
        rk_free(copy);
        return NULL;
    }
    *ret_n = n;
    *ret_at_ms = at_ms;
    return copy;
}

#define OPEN_PROBES 16u

static uint64_t open_key(const char *uid, const char *group, const char *member)
{
    uint64_t h = rk_hash64(uid, strlen(uid), 0x6f70656eu);
    h = rk_hash64(group, strlen(group), h);
    h = rk_hash64(member, strlen(member), h);
    return h ? h : 1;
}

static struct rk_open *open_row(struct rk_shared *s, uint64_t key, bool make)
{
    struct rk_open *spare = NULL;
    for (uint32_t i = 0; i < OPEN_PROBES; i++) {
        struct rk_open *o = &s->open[(key + i) % RK_SHARED_OPEN];
        uint64_t there = atomic_load(&o->key);
        if (there == key)
            return o;
        if (there == 0 && !spare)
            spare = o;
    }
    if (!make)
        return NULL;
    return spare ? spare : &s->open[key % RK_SHARED_OPEN];
}

void rk_shared_open_set(struct rk_shared *s, const char *uid, const char *group, const char *member,
                        const char *name)
{
    uint64_t key = open_key(uid, group, member);
    struct rk_open *o = open_row(s, key, true);
    atomic_store(&o->key, 0); /* a worker that dies in between leaves no half of a name */
    if (rk_str_copy(o->name, sizeof(o->name), name) == 0)
        atomic_store(&o->key, key);
}

void rk_shared_open_clear(struct rk_shared *s, const char *uid, const char *group,
                          const char *member)
{
    struct rk_open *o = open_row(s, open_key(uid, group, member), false);
    if (o)
        atomic_store(&o->key, 0);
}

const char *rk_shared_open_get(const struct rk_shared *s, const char *uid, const char *group,
                               const char *member)
{
    /* The row is only looked for. */
    const struct rk_open *o =
        open_row((struct rk_shared *)(uintptr_t)s, open_key(uid, group, member), false);
    return o && memchr(o->name, '\0', sizeof(o->name)) ? o->name : NULL;
}
