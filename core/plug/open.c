/* Opening a plugin's file: whose it is, what it is, and its one symbol. */
#include "core/plug/room.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/digest.h"

#define SYMBOL "rk_plugin_v0"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OUR_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OUR_MACHINE EM_S390
#else
#error "which ELF machine is this?"
#endif

/* Only root and we ourselves may be able to change it: a plugin runs with all our rights. */
static int check_rights(const struct stat *st, const char *what, bool any_owner, struct rk_err *err)
{
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return rk_err_set(err, RK_E_INVAL,
                          "%s is writable by group or others (mode %04o): chmod go-w", what,
                          (unsigned)(st->st_mode & 07777));
    if (!any_owner && st->st_uid != 0 && st->st_uid != geteuid())
        return rk_err_set(err, RK_E_INVAL, "%s belongs to uid %u, neither root nor us", what,
                          (unsigned)st->st_uid);
    return 0;
}

/* A segment that the file does not hold kills the process inside dlopen (SIGBUS): half a copy
 * must be found before. */
static int check_segments(int fd, const Elf64_Ehdr *h, uint64_t size, struct rk_err *err)
{
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phoff > size)
        return rk_err_set(err, RK_E_INVAL, "is a damaged ELF file: no program headers");
    for (uint64_t i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p;
        uint64_t at = h->e_phoff + i * sizeof p;
        if (at + sizeof p > size || pread(fd, &p, sizeof p, (off_t)at) != (ssize_t)sizeof p)
            return rk_err_set(err, RK_E_INVAL,
                              "is a damaged ELF file: it ends within its program headers");
        if (p.p_type == PT_LOAD && (p.p_offset > size || p.p_filesz > size - p.p_offset))
            return rk_err_set(
                err, RK_E_INVAL,
                "is a damaged ELF file: it ends after %llu bytes, before what is to be loaded",
                (unsigned long long)size);
    }
    return 0;
}

static int check_elf(int fd, uint64_t size, struct rk_err *err)
{
    Elf64_Ehdr h;
    ssize_t n = pread(fd, &h, sizeof h, 0);
    if (n < 0)
        return rk_err_errno(err, errno, "cannot be read");
    if (n < (ssize_t)sizeof h || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
        return rk_err_set(err, RK_E_INVAL, "is not an ELF file");
    if (h.e_ident[EI_CLASS] != ELFCLASS64)
        return rk_err_set(err, RK_E_INVAL, "is not a 64-bit ELF file");
    if (h.e_type != ET_DYN)
        return rk_err_set(err, RK_E_INVAL, "is an ELF file but not a shared object");
    if (h.e_machine != OUR_MACHINE)
        return rk_err_set(err, RK_E_INVAL, "is for another machine (ELF machine %u, this is %u)",
                          (unsigned)h.e_machine, (unsigned)OUR_MACHINE);
    return check_segments(fd, &h, size, err);
}

/* dlerror's words without the descriptor's name, which says nothing to people. */
static const char *dl_words(const char *path)
{
    const char *text = dlerror();
    size_t n = strlen(path);
    if (!text)
        return "unknown reason";
    return strncmp(text, path, n) == 0 && text[n] == ':' ? text + n + 1 + strspn(text + n + 1, " ")
                                                         : text;
}

/* The descriptor stays open for good: glibc knows a loaded object by the name it was opened
 * with, and a closed number that comes again would name the wrong one. */
static int load(int fd, struct rk__plug_file *ret, struct rk_err *err)
{
    char path[64];
    int n = snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (n < 0 || (size_t)n >= sizeof path)
        return rk_err_set(err, RK_E_LIMIT, "descriptor %d", fd);
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!dl)
        return rk_err_set(err, RK_E_INVAL, "cannot be loaded: %s", dl_words(path));
    const rk_plugin *desc = dlsym(dl, SYMBOL);
    if (!desc)
        return rk_err_set(err, RK_E_INVAL,
                          "is not a plugin for this host: it exports no symbol " SYMBOL);
    Dl_info info;
    ElfW(Sym) *sym = NULL;
    ret->known = SIZE_MAX;
    if (dladdr1(desc, &info, (void **)&sym, RTLD_DL_SYMENT) && sym && sym->st_size > 0)
        ret->known = sym->st_size;
    ret->desc = desc;
    return 0;
}

/* Open the real directory, then the file in it, so that both are what was checked. Returns a
 * descriptor. */
static int open_checked(const char *file, bool any_owner, uint64_t *ret_size, struct rk_err *err)
{
    char real[PATH_MAX];
    struct stat st;
    if (!realpath(file, real))
        return rk_err_errno(err, errno, "cannot be opened");
    char *base = strrchr(real, '/') + 1;
    char name[NAME_MAX + 1];
    int n = snprintf(name, sizeof name, "%s", base);
    if (n < 0 || (size_t)n >= sizeof name)
        return rk_err_set(err, RK_E_INVAL, "has too long a name");
    *base = '\0';
    int dir = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return rk_err_errno(err, errno, "its directory cannot be opened");
    int fd = -1, r = fstat(dir, &st) == 0
                         ? check_rights(&st, "its directory", any_owner, err)
                         : rk_err_errno(err, errno, "its directory cannot be examined");
    if (r == 0 && (fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) < 0)
        r = rk_err_errno(err, errno, "cannot be opened");
    (void)close(dir); /* only read */
    if (r == 0 && fstat(fd, &st) != 0)
        r = rk_err_errno(err, errno, "cannot be examined");
    if (r == 0 && !S_ISREG(st.st_mode))
        r = rk_err_set(err, RK_E_INVAL, "is not a regular file");
    if (r == 0)
        r = check_rights(&st, "it", any_owner, err);
    if (r == 0) {
        *ret_size = (uint64_t)st.st_size;
        return fd;
    }
    if (fd >= 0)
        (void)close(fd); /* only read */
    return r;
}

/* Of the bytes that are loaded: a note with a build id is not in every file. */
static int digest(int fd, uint64_t size, uint8_t out[32], struct rk_err *err)
{
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return rk_err_errno(err, errno, "cannot be read");
    rk_sha256(p, size, out);
    (void)munmap(p, size); /* ours */
    return 0;
}

int rk__plug_open(const char *file, const struct rk_plug_conf *pc, struct rk__plug_file *ret,
                  struct rk_err *err)
{
    uint64_t size = 0;
    int fd = open_checked(file, pc->any_owner, &size, err);
    if (fd < 0)
        return fd;
    int r = check_elf(fd, size, err);
    if (r == 0)
        r = digest(fd, size, ret->digest, err);
    if (r != 0) {
        (void)close(fd); /* only read */
        return r;
    }
    rk__plug_hand(pc, file, "load");
    r = load(fd, ret, err);
    rk__plug_hand(pc, NULL, NULL);
    return r;
}
