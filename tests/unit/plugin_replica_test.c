/* Groups with several hosts a replica, over an observed world: a replica comes and goes
 * as a whole, and however often whoever makes it is killed, no pod more is made than is wanted. The
 * worker plugin's sources are included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/worker/choose.c"
#include "plugins/worker/lost.c"
#include "plugins/worker/multihost.c"
#include "plugins/worker/replica.c"
#include "plugins/worker/worker.c"

#define MANY  20000
#define OLD   "2026-01-01T00:00:00Z"
#define YOUNG "2026-01-02T03:00:00Z" /* five minutes before now */

static const char *group_of(struct world *w, const char *name, int replicas, int hosts,
                            const char *more)
{
    return rk_arena_fmt(&w->arena,
                        "{\"groupName\":\"%s\",\"replicas\":%d,\"numOfHosts\":%d%s,\"template\":{"
                        "\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}}",
                        name, replicas, hosts, more);
}

static const struct rk_plan *run(struct world *w, int replicas, int hosts, const char *more)
{
    const struct rk_plan *p =
        world_run(w, rk_arena_fmt(&w->arena, "{\"headGroupSpec\":{},\"workerGroupSpecs\":[%s]}",
                                  group_of(w, "tpu", replicas, hosts, more)));
    assert_null(p->problem);
    return p;
}

static const struct rk_plan *run_scaled(struct world *w, int replicas, int hosts, const char *more)
{
    const struct rk_plan *p =
        world_run(w, rk_arena_fmt(&w->arena,
                                  "{\"headGroupSpec\":{},\"enableInTreeAutoscaling\":true,"
                                  "\"workerGroupSpecs\":[%s]}",
                                  group_of(w, "tpu", replicas, hosts, more)));
    assert_null(p->problem);
    return p;
}

/* A pod of group tpu as the field makes it: p<replica><host>. replica NULL: without that label; so
 * with index and host. */
static struct rk_seen *see(struct world *w, const char *replica, const char *index,
                           const char *host, const char *phase, const char *created)
{
    struct rk_arena *a = &w->arena;
    const char *l = "\"ray.io/group\":\"tpu\"";
    if (replica)
        l = rk_arena_fmt(a, "%s,\"ray.io/worker-group-replica-name\":\"tpu-%s\"", l, replica);
    if (index)
        l = rk_arena_fmt(a, "%s,\"ray.io/worker-group-replica-index\":\"%s\"", l, index);
    if (host)
        l = rk_arena_fmt(a, "%s,\"ray.io/replica-host-index\":\"%s\"", l, host);
    return world_pod(w,
                     rk_arena_fmt(a, "%s%s-%zu", replica ? replica : "p", host ? host : "", w->n),
                     "worker", l, phase, created);
}

/* A whole replica, pods <name>0-n, <name>1-n+1, ... */
static void see_replica(struct world *w, const char *replica, const char *index, int hosts,
                        const char *phase, const char *created)
{
    for (int i = 0; i < hosts; i++)
        (void)see(w, replica, index, rk_arena_fmt(&w->arena, "%d", i), phase, created);
}

static const char *label(const struct rk_plan *p, const struct rk_op *op, const char *key,
                         char *out, size_t size)
{
    struct rk_buf b;
    (void)p;
    rk_buf_init(&b, 1u << 20);
    assert_true(rk_op_body(op, &b) >= 0);
    char needle[128];
    (void)snprintf(needle, sizeof needle, "\"%s\":\"", key);
    const char *at = strstr(rk_buf_text(&b), needle);
    assert_non_null(at);
    at += strlen(needle);
    (void)snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
    rk_buf_done(&b);
    return out;
}

/* Every write of every pass until there is none. */
static void settle(struct world *w, int replicas, int hosts)
{
    for (int i = 0; i < 50; i++) {
        const struct rk_plan *p = run(w, replicas, hosts, "");
        if (p->n_ops == 0)
            return;
        for (size_t k = 0; k < p->n_ops; k++)
            world_do(w, &p->ops[k]);
    }
    assert_true(false);
}

static void assert_only(const struct rk_plan *p, size_t deletes, size_t creates)
{
    assert_int_equal(world_count(p, RK_OP_DELETE), deletes);
    assert_int_equal(world_count(p, RK_OP_CREATE), creates);
    assert_int_equal(p->n_ops, deletes + creates);
}

static void the_last_host_of_a_replica_is_made_when_all_others_are_there(void **state)
{
    struct world w;
    char name[2][80], text[80];
    (void)state;
    open_world(&w, &rk_plugin_v0, 16);
    const struct rk_plan *p = run(&w, 2, 3, "");
    assert_only(p, 0, 4);
    for (size_t i = 0; i < 4; i++) {
        const char *place[] = {"0", "0", "1", "1"}, *host[] = {"0", "1", "0", "1"};
        assert_string_equal(label(p, &p->ops[i], RAY_L_INDEX, text, sizeof text), place[i]);
        assert_string_equal(label(p, &p->ops[i], RAY_L_HOST, text, sizeof text), host[i]);
        (void)label(p, &p->ops[i], RAY_L_REPLICA, i % 2 ? text : name[i / 2], sizeof text);
        if (i % 2)
            assert_string_equal(text, name[i / 2]);
    }
    assert_string_not_equal(name[0], name[1]);
    assert_int_equal(strlen(name[0]), strlen("tpu-12345"));
    assert_int_equal(strspn(name[0] + 4, "bcdfghjklmnpqrstvwxz2456789"), 5);
    for (size_t i = 0; i < 3; i++) /* the second replica lacks a host yet */
        world_do(&w, &p->ops[i]);
    p = run(&w, 2, 3, "");
    assert_only(p, 0, 2);
    for (size_t i = 0; i < 2; i++) {
        const char *replica = label(p, &p->ops[i], RAY_L_REPLICA, text, sizeof text);
        int first = strcmp(replica, name[0]) == 0;
        assert_true(first || strcmp(replica, name[1]) == 0);
        assert_string_equal(label(p, &p->ops[i], RAY_L_HOST, text, sizeof text), first ? "2" : "1");
    }
    settle(&w, 2, 3);
    assert_int_equal(w.n, 6);
    close_world(&w);
}

/* Whatever part of a plan was carried out when the process died, the next one makes what is missing:
 * nothing is deleted, and the pods made are the pods wanted. */
static void whoever_is_killed_while_replicas_are_made_no_pod_more_is_made(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct world w;
        unsigned dice = seed * 2654435761u;
        open_world(&w, &rk_plugin_v0, 64);
        for (int kill = 0; kill < 40; kill++) {
            const struct rk_plan *p = run(&w, 3, 5, "");
            assert_int_equal(world_count(p, RK_OP_DELETE), 0);
            for (size_t i = 0; i < p->n_ops; i++) {
                dice = dice * 1664525u + 1013904223u;
                if (dice >> 29 == 0)
                    world_do(&w, &p->ops[i]);
            }
        }
        settle(&w, 3, 5);
        assert_int_equal(w.made, 15);
        assert_int_equal(w.gone, 0);
        close_world(&w);
    }
}

static void a_host_that_is_deleted_takes_its_replica_along_and_only_that(void **state)
{
    struct world w;
    char text[80];
    (void)state;
    open_world(&w, &rk_plugin_v0, 16);
    see_replica(&w, "aaaaa", "0", 3, "Running", OLD);
    see_replica(&w, "bbbbb", "1", 3, "Running", OLD);
    world_end(&w, "aaaaa1-1");
    const struct rk_plan *p = run(&w, 2, 3, "");
    assert_only(p, 2, 2); /* its successor comes at once: what ends does not count */
    assert_string_equal(world_deleted(p, "aaaaa0-0"),
                        "replica tpu-aaaaa goes as a whole: aaaaa1-1: is being deleted");
    assert_non_null(world_deleted(p, "aaaaa2-2"));
    const struct rk_op *made = &p->ops[2];
    assert_string_equal(label(p, made, RAY_L_INDEX, text, sizeof text), "0");
    assert_string_not_equal(label(p, made, RAY_L_REPLICA, text, sizeof text), "tpu-aaaaa");
    close_world(&w);
}

static void a_successor_never_has_the_name_of_a_replica_that_ends(void **state)
{
    struct world w;
    char first[80], text[80];
    (void)state;
    open_world(&w, &rk_plugin_v0, 64);
    settle(&w, 1, 3);
    const struct rk_plan *p = run(&w, 0, 3, "");
    assert_only(p, 3, 0);
    (void)snprintf(first, sizeof first, "%s", strstr(w.seen[0].json.p, "tpu-"));
    first[strcspn(first, "\"")] = '\0';
    for (size_t i = 0; i < 3; i++)
        world_end(&w, p->ops[i].name);
    p = run(&w, 1, 3, "");
    assert_only(p, 0, 2);
    assert_string_not_equal(label(p, &p->ops[0], RAY_L_REPLICA, text, sizeof text), first);
    for (size_t i = 0; i < 2; i++)
        world_do(&w, &p->ops[i]);
    p = run(&w, 1, 3, ""); /* and it is known again, whatever its name */
    assert_only(p, 0, 1);
    close_world(&w);
}

static void a_failed_host_takes_its_replica_along(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 16);
    see_replica(&w, "aaaaa", "0", 2, "Running", OLD);
    (void)see(&w, "bbbbb", "1", "0", "Running", OLD);
    (void)see(&w, "bbbbb", "1", "1", "Failed", OLD);
    const struct rk_plan *p = run(&w, 2, 2, "");
    assert_only(p, 2, 1);
    assert_string_equal(world_deleted(p, "bbbbb0-2"),
                        "replica tpu-bbbbb goes as a whole: bbbbb1-3: "
                        "phase Failed, restartPolicy Always");
    assert_string_equal(world_deleted(p, "bbbbb1-3"), "phase Failed, restartPolicy Always");
    close_world(&w);
}

static void a_replica_that_has_lost_a_host_unseen_goes_however_young(void **state)
{
    struct world w;
    (void)state;
    for (int lost = 0; lost < 3; lost++) {
        open_world(&w, &rk_plugin_v0, 16);
        settle(&w, 1, 4);
        char needle[64];
        (void)snprintf(needle, sizeof needle, "\"ray.io/replica-host-index\":\"%d\"", lost);
        size_t at = 0;
        while (!strstr(w.seen[at].json.p, needle))
            at++;
        world_remove(&w, w.seen[at].name);
        const struct rk_plan *p = run(&w, 1, 4, "");
        assert_only(p, 3, 3);
        assert_non_null(strstr(p->ops[0].note, rk_arena_fmt(&w.arena, "host %d is missing", lost)));
        close_world(&w);
    }
}

/* Only its age tells a replica that has lost its last host from one that never had it. */
static void a_replica_without_its_last_host_is_finished_when_young_and_replaced_when_old(
    void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 16);
    settle(&w, 1, 2);
    world_remove(&w, w.seen[1].name);
    const char *json = w.seen[0].json.p, *created = strstr(json, WORLD_NOW);
    const char *at[] = {YOUNG, OLD};
    for (int old = 0; old < 2; old++) {
        w.seen[0].json = rk_span_of(rk_arena_fmt(&w.arena, "%.*s%s%s", (int)(created - json), json,
                                                 at[old], created + strlen(WORLD_NOW)));
        const struct rk_plan *p = run(&w, 1, 2, "");
        assert_only(p, (size_t)old, 1);
    }
    /* While creates fail (a quota) it waits for its last host, for ever: it is not made anew. */
    w.outcome = (struct rk_snap_outcome){
        .gvk = RAY_POD, .group = "tpu", .verb = "create", .failures = 7, .http = 403};
    assert_only(run(&w, 1, 2, ""), 0, 1);
    close_world(&w);
}

static void a_name_in_workers_to_delete_means_its_replica(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 16);
    see_replica(&w, "aaaaa", "0", 2, "Running", OLD);
    see_replica(&w, "bbbbb", "1", 2, "Running", OLD);
    (void)world_pod(&w, "other", "worker", "\"ray.io/group\":\"cpu\"", "Running", OLD);
    static const char list[] =
        ",\"scaleStrategy\":{\"workersToDelete\":[\"nobody\",\"other\",\"bbbbb1-3\"]}";
    const char *spec =
        rk_arena_fmt(&w.arena,
                     "{\"headGroupSpec\":{},\"enableInTreeAutoscaling\":true,"
                     "\"workerGroupSpecs\":[%s,{\"groupName\":\"cpu\",\"replicas\":1,\"template\":{"
                     "\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}}]}",
                     group_of(&w, "tpu", 1, 2, list));
    const struct rk_plan *p = world_run(&w, spec);
    assert_null(p->problem);
    assert_only(p, 2, 0);
    assert_string_equal(world_deleted(p, "bbbbb0-2"),
                        "replica tpu-bbbbb goes as a whole: bbbbb1-3: "
                        "named in workersToDelete");
    assert_non_null(world_deleted(p, "bbbbb1-3"));
    close_world(&w);
}

static void too_many_replicas_shrink_by_the_least_loss(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    see_replica(&w, "aaaaa", "0", 2, "Running", OLD);
    see_replica(&w, "bbbbb", "1", 2, "Running", YOUNG);
    (void)see(&w, "ccccc", "2", "0", "Running", OLD);
    (void)see(&w, "ccccc", "2", "1", "Pending", OLD);
    const struct rk_plan *p = run(&w, 2, 2, "");
    assert_only(p, 2, 0);
    assert_string_equal(world_deleted(p, "ccccc0-4"), "more replicas than wanted");
    p = run(&w, 1, 2, "");
    assert_only(p, 4, 0);
    assert_null(world_deleted(p, "aaaaa0-0"));
    assert_null(world_deleted(p, "aaaaa1-1"));
    assert_only(run_scaled(&w, 1, 2, ""), 0, 0); /* the autoscaler chooses */
    ((struct worker *)w.plugins->plugs[0].self)->delete_surplus = 1;
    assert_only(run_scaled(&w, 1, 2, ""), 4, 0); /* the configuration says that we do */
    ((struct worker *)w.plugins->plugs[0].self)->delete_surplus = 0;
    assert_only(run_scaled(&w, 4, 2, ""), 0, 1);
    close_world(&w);
}

static void an_unfinished_replica_that_is_too_many_goes_first(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    settle(&w, 1, 3);
    const struct rk_plan *p = run(&w, 2, 3, "");
    assert_only(p, 0, 2);
    const char *begun = rk_arena_strdup(&w.arena, p->ops[0].name);
    world_do(&w, &p->ops[0]);
    p = run(&w, 1, 3, "");
    assert_only(p, 1, 0);
    assert_non_null(world_deleted(p, begun));
    close_world(&w);
}

static void whole_replicas_of_the_peer_are_adopted_and_broken_ones_replaced(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    see_replica(&w, "qqqqq", "1", 4, "Running", YOUNG);
    see_replica(&w, "zzzzz", "0", 4, "Pending", YOUNG);
    assert_only(run(&w, 2, 4, ""), 0, 0);
    world_remove(&w, "qqqqq3-3"); /* not one of our names: we are not making it */
    const struct rk_plan *p = run(&w, 2, 4, "");
    assert_only(p, 3, 3);
    assert_non_null(strstr(p->ops[0].note, "host 3 is missing"));
    close_world(&w);
}

static void pods_without_a_replica_are_adopted_as_many_as_make_whole_ones(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    for (int i = 0; i < 4; i++)
        (void)see(&w, NULL, NULL, NULL, "Running", OLD);
    assert_only(run(&w, 2, 2, ""), 0, 0);
    assert_only(run(&w, 3, 2, ""), 0, 1);
    assert_only(run(&w, 1, 2, ""), 2, 0);
    world_remove(&w, "p-1");
    const struct rk_plan *p = run(&w, 2, 2, "");
    assert_only(p, 1, 1);
    assert_string_equal(p->ops[0].note, "is left over from replicas of 2 hosts");
    close_world(&w);
}

static void workers_of_a_group_that_had_one_host_are_replaced_by_replicas(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    (void)see(&w, NULL, "0", NULL, "Running", OLD);
    (void)see(&w, NULL, "1", NULL, "Running", OLD);
    const struct rk_plan *p = run(&w, 1, 2, "");
    assert_only(p, 2, 1);
    close_world(&w);
}

static void a_replica_with_more_hosts_than_wanted_is_left_as_it_is(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    see_replica(&w, "aaaaa", "0", 4, "Running", OLD);
    assert_only(run(&w, 1, 2, ""), 0, 0);
    assert_only(run(&w, 0, 2, ""), 4, 0);
    close_world(&w);
}

static void replicas_of_too_few_hosts_are_replaced_when_more_are_wanted(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    settle(&w, 2, 2);
    const struct rk_plan *p = run(&w, 2, 4, "");
    assert_only(p, 4, 6);
    close_world(&w);
}

static void a_replica_that_an_edit_of_the_template_caught_unfinished_is_made_anew(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    const struct rk_plan *p = run(&w, 1, 4, "");
    world_do(&w, &p->ops[0]);
    static const char spec[] =
        "{\"headGroupSpec\":{},\"workerGroupSpecs\":[{\"groupName\":\"tpu\",\"replicas\":1,"
        "\"numOfHosts\":4,\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":"
        "\"other\"}]}}}]}";
    p = world_run(&w, spec);
    assert_only(p, 1, 3);
    close_world(&w);
}

static void of_two_pods_that_are_one_host_the_younger_goes_and_nobody_else(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    see_replica(&w, "aaaaa", "0", 3, "Running", OLD);
    (void)see(&w, "aaaaa", "0", "1", "Running", YOUNG);
    const struct rk_plan *p = run(&w, 1, 3, "");
    assert_only(p, 1, 0);
    assert_string_equal(world_deleted(p, "aaaaa1-3"), "host 1 of replica tpu-aaaaa is there twice");
    world_end(&w, "aaaaa1-3");
    assert_only(run(&w, 1, 3, ""), 0, 0);
    close_world(&w);
}

static void senseless_labels_fill_a_place_and_crash_nothing(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 32);
    (void)see(&w, "aaaaa", "junk", "x", "Running", OLD);
    (void)see(&w, "aaaaa", "-1", NULL, "Running", OLD);
    (void)see(&w, "bbbbb", "9223372036854775807", "9223372036854775807", "Running", "long ago");
    (void)see(&w, "bbbbb", NULL, "0", "Running", "");
    const struct rk_plan *p = run(&w, 1, 2, "");
    assert_only(p, 2, 0); /* bbbbb lacks a host */
    assert_non_null(strstr(p->ops[0].note, "tpu-bbbbb"));
    close_world(&w);
}

static void the_name_of_a_replica_is_a_legal_label_however_long_the_groups(void **state)
{
    struct world w;
    char text[128];
    (void)state;
    open_world(&w, &rk_plugin_v0, 4);
    const char *name = "g23456789-123456789-123456789-123456789-123456789-123456789-123";
    const struct rk_plan *p =
        world_run(&w, rk_arena_fmt(&w.arena, "{\"headGroupSpec\":{},\"workerGroupSpecs\":[%s]}",
                                   group_of(&w, name, 1, 2, "")));
    assert_null(p->problem);
    assert_int_equal(strlen(label(p, &p->ops[0], RAY_L_REPLICA, text, sizeof text)), 63);
    close_world(&w);
}

/* The label would be believed where a definition dropped numOfHosts. */
static void a_senseless_host_number_makes_no_hosts_where_their_number_is_not_known(void **state)
{
    static const char spec[] =
        "{\"headGroupSpec\":{},\"workerGroupSpecs\":[{\"groupName\":\"tpu\",\"replicas\":1,"
        "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}}]}";
    static const char *const hosts[] = {"9223372036854775807", "2147483646", "10000"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct world w;
        (void)state;
        open_world(&w, &rk_plugin_v0, 32);
        (void)see(&w, "aaaaa", "0", hosts[i], "Running", OLD);
        assert_only(world_run(&w, spec), 0, 0);
        close_world(&w);
    }
}

/* A definition that does not know a field drops it from what is read, too; one that knows it gives it a default. */
static void replicas_stay_when_an_old_definition_drops_their_number_of_hosts(void **state)
{
    static const char spec[] =
        "{\"headGroupSpec\":{},\"workerGroupSpecs\":[{\"groupName\":\"tpu\",%s\"template\":{\"spec\":{"
        "\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}}]}";
    static const char *const counts[] = {"\"replicas\":2,\"minReplicas\":0,", "\"replicas\":2,",
                                         ""};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct world w;
        (void)state;
        open_world(&w, &rk_plugin_v0, 16);
        see_replica(&w, "a", "0", 4, "Running", OLD);
        see_replica(&w, "b", "1", 4, "Running", OLD);
        char text[512];
        (void)snprintf(text, sizeof text, spec, counts[i]);
        const struct rk_plan *p = world_run(&w, text);
        assert_null(p->problem);
        assert_only(p, 0, 0);
        close_world(&w);
    }
}

/* A hook may burn 5 s: what grows with the square of the workers would not end in time. */
static void twenty_thousand_hosts_take_no_time(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, MANY);
    clock_t before = clock();
    const struct rk_plan *p = run(&w, MANY / 4, 4, "");
    assert_int_equal(world_count(p, RK_OP_CREATE), MANY / 4 * 3);
    for (int i = 0; i < MANY; i++)
        (void)see(&w, rk_arena_fmt(&w.arena, "%05d", i / 4), rk_arena_fmt(&w.arena, "%d", i / 4),
                  rk_arena_fmt(&w.arena, "%d", i % 4), "Running", OLD);
    assert_only(run(&w, MANY / 4, 4, ""), 0, 0);
    world_end(&w, w.seen[0].name);
    assert_only(run(&w, 1, 4, ""), MANY - 5, 0);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 20); /* by squares it were minutes */
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_host_of_a_replica_is_made_when_all_others_are_there),
        cmocka_unit_test(whoever_is_killed_while_replicas_are_made_no_pod_more_is_made),
        cmocka_unit_test(a_host_that_is_deleted_takes_its_replica_along_and_only_that),
        cmocka_unit_test(a_successor_never_has_the_name_of_a_replica_that_ends),
        cmocka_unit_test(a_failed_host_takes_its_replica_along),
        cmocka_unit_test(a_replica_that_has_lost_a_host_unseen_goes_however_young),
        cmocka_unit_test(
            a_replica_without_its_last_host_is_finished_when_young_and_replaced_when_old),
        cmocka_unit_test(a_name_in_workers_to_delete_means_its_replica),
        cmocka_unit_test(too_many_replicas_shrink_by_the_least_loss),
        cmocka_unit_test(an_unfinished_replica_that_is_too_many_goes_first),
        cmocka_unit_test(whole_replicas_of_the_peer_are_adopted_and_broken_ones_replaced),
        cmocka_unit_test(pods_without_a_replica_are_adopted_as_many_as_make_whole_ones),
        cmocka_unit_test(workers_of_a_group_that_had_one_host_are_replaced_by_replicas),
        cmocka_unit_test(a_replica_with_more_hosts_than_wanted_is_left_as_it_is),
        cmocka_unit_test(replicas_of_too_few_hosts_are_replaced_when_more_are_wanted),
        cmocka_unit_test(a_replica_that_an_edit_of_the_template_caught_unfinished_is_made_anew),
        cmocka_unit_test(of_two_pods_that_are_one_host_the_younger_goes_and_nobody_else),
        cmocka_unit_test(senseless_labels_fill_a_place_and_crash_nothing),
        cmocka_unit_test(the_name_of_a_replica_is_a_legal_label_however_long_the_groups),
        cmocka_unit_test(a_senseless_host_number_makes_no_hosts_where_their_number_is_not_known),
        cmocka_unit_test(replicas_stay_when_an_old_definition_drops_their_number_of_hosts),
        cmocka_unit_test(twenty_thousand_hosts_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
