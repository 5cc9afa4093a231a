package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// grace is how long a component may take to stop. An API server would take up
// to a minute for its open watches, and hold its port all the while.
const grace = 2 * time.Second

// parse reads flags and exactly 1+extra arguments, the first being DIR.
func parse(flags *pflag.FlagSet, args []string, extra int) (dir string, rest []string, err error) {
	flags.SortFlags = false
	if err := flags.Parse(args); err != nil {
		return "", nil, err
	}
	if flags.NArg() != 1+extra {
		return "", nil, fmt.Errorf("needs %d argument(s), got %d; see `cp help`", 1+extra, flags.NArg())
	}
	return flags.Arg(0), flags.Args()[1:], nil
}

func cmdDown(args []string) error {
	flags := pflag.NewFlagSet("down", pflag.ContinueOnError)
	wipe := flags.Bool("wipe", false, "also remove the files")
	dir, _, err := parse(flags, args, 0)
	if err != nil {
		return err
	}
	c, err := openLocked(dir)
	if errors.Is(err, errNoCluster) {
		return nil // down it is
	}
	if err != nil {
		return err
	}
	defer c.release()
	if err := c.endAll(); err != nil {
		return err
	}
	if *wipe {
		return c.wipe()
	}
	return nil
}

// endAll stops every component, all at the same time: there is nothing to hand
// over, and etcd keeps what it acknowledged.
func (c *cluster) endAll() error {
	var wg sync.WaitGroup
	errs := make([]error, len(components))
	for i, comp := range components {
		wg.Go(func() { errs[i] = c.state.Processes[comp.name].end(grace) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.state.Processes = map[string]process{}
	return c.save()
}

// wipe removes what `up` made, by name, and DIR itself only if that was all:
// DIR came from a caller, who may have put other things there.
func (c *cluster) wipe() error {
	for _, name := range []string{"etcd", "conf", "pki", "log", "kubeconfig", "admin.token", "audit.log", "state.json", "lock"} {
		if err := os.RemoveAll(c.path(name)); err != nil {
			return err
		}
	}
	if err := os.Remove(c.dir); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return err
	}
	return nil
}

// withComponent runs one of the commands that name a component.
func withComponent(args []string, act func(c *cluster, comp component) error) error {
	dir, rest, err := parse(pflag.NewFlagSet("", pflag.ContinueOnError), args, 1)
	if err != nil {
		return err
	}
	comp, err := findComponent(rest[0])
	if err != nil {
		return err
	}
	c, err := openLocked(dir)
	if err != nil {
		return err
	}
	defer c.release()
	return act(c, comp)
}

func cmdStop(args []string) error { return withComponent(args, stopComponent) }

func stopComponent(c *cluster, comp component) error {
	if err := c.state.Processes[comp.name].end(grace); err != nil {
		return err
	}
	delete(c.state.Processes, comp.name)
	return c.save()
}

func cmdStart(args []string) error { return withComponent(args, startComponent) }

func startComponent(c *cluster, comp component) error {
	if p := c.state.Processes[comp.name]; p.alive() {
		return fmt.Errorf("%s is already running (process %d)", comp.name, p.PID)
	}
	if err := c.launch(comp); err != nil {
		return err
	}
	if err := c.waitHealthy(context.Background(), comp.name); err != nil {
		return errors.Join(err, stopComponent(c, comp))
	}
	return nil
}

func cmdRestart(args []string) error {
	return withComponent(args, func(c *cluster, comp component) error {
		if err := stopComponent(c, comp); err != nil {
			return err
		}
		return startComponent(c, comp)
	})
}

func cmdPause(args []string) error { return signalComponent(args, syscall.SIGSTOP, "paused") }

func cmdResume(args []string) error { return signalComponent(args, syscall.SIGCONT, "up") }

func signalComponent(args []string, sig syscall.Signal, wanted string) error {
	return withComponent(args, func(c *cluster, comp component) error {
		p := c.state.Processes[comp.name]
		if err := p.signal(sig); err != nil {
			return fmt.Errorf("%s: %w", comp.name, err)
		}
		return poll(context.Background(), 5*time.Second, comp.name, func() error {
			if now := p.condition(); now != wanted {
				return fmt.Errorf("is %s, not %s", now, wanted)
			}
			return nil
		})
	})
}

func cmdWait(args []string) error {
	dir, _, err := parse(pflag.NewFlagSet("wait", pflag.ContinueOnError), args, 0)
	if err != nil {
		return err
	}
	c, err := openCluster(dir)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	s := stages{time.Now()}
	for _, comp := range components {
		if err := c.waitHealthy(context.Background(), comp.name); err != nil {
			return err
		}
	}
	s.done("all components are healthy")
	return c.waitWorking(context.Background(), s, client)
}

func cmdStatus(args []string) error {
	dir, _, err := parse(pflag.NewFlagSet("status", pflag.ContinueOnError), args, 0)
	if err != nil {
		return err
	}
	c, err := openCluster(dir)
	if err != nil {
		return err
	}
	var bad []string
	for _, comp := range components {
		p := c.state.Processes[comp.name]
		condition := p.condition()
		if condition == "up" {
			condition = "healthy"
			if err := c.healthy(context.Background(), comp.name); err != nil {
				condition = "unhealthy"
			}
		}
		if condition != "healthy" {
			bad = append(bad, comp.name)
		}
		fmt.Printf("%-19s %-10s port %-6d pid %d\n", comp.name, condition, c.state.Ports[comp.name], p.PID)
	}
	if len(bad) > 0 {
		return fmt.Errorf("not well: %s", strings.Join(bad, ", "))
	}
	return nil
}

func cmdEnv(args []string) error {
	dir, _, err := parse(pflag.NewFlagSet("env", pflag.ContinueOnError), args, 0)
	if err != nil {
		return err
	}
	c, err := openCluster(dir)
	if err != nil {
		return err
	}
	fmt.Printf("KUBECONFIG=%s\nSERVER=%s\nCA_FILE=%s\nTOKEN_FILE=%s\nAUDIT_LOG=%s\nLOG_DIR=%s\n", c.path("kubeconfig"),
		c.server(), c.path("pki", "ca.crt"), c.path("admin.token"), c.path("audit.log"), c.path("log"))
	variable := strings.NewReplacer("-", "_")
	for _, name := range portNames {
		fmt.Printf("PORT_%s=%d\n", strings.ToUpper(variable.Replace(name)), c.state.Ports[name])
	}
	for _, comp := range components {
		if p := c.state.Processes[comp.name]; p.alive() {
			fmt.Printf("PID_%s=%d\n", strings.ToUpper(variable.Replace(comp.name)), p.PID)
		}
	}
	return nil
}
