package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/kubernetes"
)

//go:embed assets/kwok.yaml
var kwokConfig []byte

//go:embed assets/audit-default.yaml
var auditDefault []byte

//go:embed assets/audit-metadata.yaml
var auditMetadata []byte

type upOptions struct {
	nodes int
	bare  bool
	audit []byte
	port  int
}

// stages prints what has been done and the seconds it took since the start.
type stages struct{ start time.Time }

func (s stages) done(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "controlplane: %5.1fs  %s\n", time.Since(s.start).Seconds(), fmt.Sprintf(format, args...))
}

func cmdUp(args []string) error {
	flags := pflag.NewFlagSet("up", pflag.ContinueOnError)
	nodes := flags.Int("nodes", 3, "number of fake nodes")
	audit := flags.String("audit-policy", "default", "audit policy: a file, or default, or metadata")
	port := flags.Int("port", 0, "port of the API server (0: any)")
	bare := flags.Bool("bare", false, "pods get nothing from admission: no ServiceAccount, no zone of their node")
	dir, _, err := parse(flags, args, 0)
	if err != nil {
		return err
	}
	options := upOptions{nodes: *nodes, port: *port, bare: *bare}
	if *nodes < 0 || *nodes > maxNodes {
		return fmt.Errorf("--nodes: from 0 to %d", maxNodes)
	}
	switch *audit {
	case "default":
		options.audit = auditDefault
	case "metadata":
		options.audit = auditMetadata
	default:
		if options.audit, err = os.ReadFile(*audit); err != nil {
			return err
		}
	}
	c, err := newCluster(dir)
	if err != nil {
		return err
	}
	for _, sub := range []string{"conf", "pki", "log"} {
		if err := os.MkdirAll(c.path(sub), 0o700); err != nil {
			return err
		}
	}
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	if err := c.load(); err != nil && !errors.Is(err, errNoCluster) {
		return err
	}
	for name, p := range c.state.Processes {
		if p.alive() {
			return fmt.Errorf("already up in %s (%s is process %d): `cp down` first", c.dir, name, p.PID)
		}
	}
	// An interrupted or failed start leaves nothing behind.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if err := c.up(ctx, options); err != nil {
		return errors.Join(err, c.endAll())
	}
	return nil
}

// up starts everything. A port that was free when chosen may be taken when the
// daemon binds it; then all is begun again with other ports.
func (c *cluster) up(ctx context.Context, options upOptions) error {
	s := stages{time.Now()}
	ca, err := c.preparePKI()
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		admin, err := c.configure(ca, options)
		if err == nil {
			err = c.startAll(ctx, s, options)
		}
		if err == nil {
			// Last, so that whoever waits for the file may use it at once.
			if err = writeFile(c.path("kubeconfig"), admin, 0o600); err == nil {
				s.done("ready: %s", c.path("kubeconfig"))
			}
			return err
		}
		if attempt == 4 || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
		s.done("a port was taken, trying others")
		if err := c.endAll(); err != nil {
			return err
		}
		if err := c.forgetPorts(); err != nil {
			return err
		}
	}
}

// forgetPorts makes the next attempt choose anew. Logs are emptied, for the
// old complaint about the port must not be read again.
func (c *cluster) forgetPorts() error {
	c.state.Ports = map[string]int{}
	for _, comp := range components {
		if err := os.Truncate(c.logFile(comp.name), 0); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// configure chooses ports and writes all files the daemons read.
func (c *cluster) configure(ca *pair, options upOptions) (admin []byte, err error) {
	c.state.Nodes = options.nodes
	c.state.Bare = options.bare
	if c.state.EtcdName == "" {
		c.state.EtcdName = "etcd-" + randomHex(6)
	}
	if err := c.choosePorts(options.port); err != nil {
		return nil, err
	}
	if err := c.save(); err != nil {
		return nil, err
	}
	if err := c.writeToken(); err != nil {
		return nil, err
	}
	if err := writeFile(c.path("conf", "audit-policy.yaml"), options.audit, 0o644); err != nil {
		return nil, err
	}
	if err := writeFile(c.path("conf", "kwok.yaml"), kwokConfig, 0o644); err != nil {
		return nil, err
	}
	// Unrotated audit logs are opened, not created, by the API server.
	log, err := os.OpenFile(c.path("audit.log"), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	log.Close()
	return c.writeKubeconfigs(ca)
}

// writeToken gives the administrator a static bearer token as well, for curl
// and for clients without certificate support.
func (c *cluster) writeToken() error {
	if _, err := os.Stat(c.path("admin.token")); err == nil {
		return nil
	}
	token := randomHex(24)
	csv := fmt.Sprintf("%s,admin,admin,system:masters\n", token)
	if err := writeFile(c.path("conf", "tokens.csv"), []byte(csv), 0o600); err != nil {
		return err
	}
	return writeFile(c.path("admin.token"), []byte(token+"\n"), 0o600)
}

func randomHex(n int) string {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails: the runtime aborts instead
	return hex.EncodeToString(data)
}

func (c *cluster) startAll(ctx context.Context, s stages, options upOptions) error {
	for _, comp := range components[:2] { // etcd, then the API server on it
		if err := c.launch(comp); err != nil {
			return err
		}
		if err := c.waitHealthy(ctx, comp.name); err != nil {
			return err
		}
		s.done("%s is ready on port %d", comp.name, c.state.Ports[comp.name])
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	for _, comp := range components[2:] { // these start at the same time
		if err := c.launch(comp); err != nil {
			return err
		}
	}
	if err := createNodes(ctx, client, options.nodes, options.bare); err != nil {
		return err
	}
	for _, comp := range components[2:] {
		if err := c.waitHealthy(ctx, comp.name); err != nil {
			return err
		}
		s.done("%s is healthy", comp.name)
	}
	return c.waitWorking(ctx, s, client)
}

// waitWorking waits until the whole does its work, beyond each part's health.
func (c *cluster) waitWorking(ctx context.Context, s stages, client kubernetes.Interface) error {
	if err := waitNodes(ctx, client, c.state.Nodes); err != nil {
		return err
	}
	s.done("%d nodes are ready", c.state.Nodes)
	if err := waitServiceAccount(ctx, client, "default", "default"); err != nil {
		return err
	}
	s.done("default ServiceAccount exists")
	if c.state.Nodes == 0 {
		return nil // nowhere to start a pod
	}
	if err := proveWorking(ctx, client); err != nil {
		return err
	}
	s.done("a pod started and was garbage-collected")
	// A component may have died meanwhile, e.g. over a port.
	for _, comp := range components {
		if !c.state.Processes[comp.name].alive() {
			return fmt.Errorf("%s ended:\n%s", comp.name, c.logTail(comp.name))
		}
	}
	return nil
}
