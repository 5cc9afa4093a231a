package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A cluster is one control plane: a directory and what is recorded in it.
type cluster struct {
	dir   string
	state state
	lock  *os.File
}

// state is what has to survive between two calls: DIR/state.json.
type state struct {
	Nodes     int                `json:"nodes"`
	Bare      bool               `json:"bare"`
	EtcdName  string             `json:"etcdName"`
	Ports     map[string]int     `json:"ports"`
	Processes map[string]process `json:"processes"`
}

var errNoCluster = errors.New("no control plane here (run `cp up` first)")

func (c *cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.dir}, parts...)...)
}

func newCluster(dir string) (*cluster, error) {
	if dir == "" || dir[0] == '-' {
		return nil, fmt.Errorf("%q is not a directory name", dir)
	}
	// Daemons and kubeconfigs must not depend on the caller's working directory.
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: abs}
	c.state.Ports = map[string]int{}
	c.state.Processes = map[string]process{}
	return c, nil
}

// openCluster reads what `up` recorded. The error is errNoCluster where it
// never ran.
func openCluster(dir string) (*cluster, error) {
	c, err := newCluster(dir)
	if err != nil {
		return nil, err
	}
	return c, c.load()
}

func (c *cluster) load() error {
	data, err := os.ReadFile(c.path("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return errNoCluster
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &c.state); err != nil {
		return fmt.Errorf("%s: %w", c.path("state.json"), err)
	}
	return nil
}

// openLocked is openCluster for commands that change processes. The lock makes
// `up`, `down`, `start` and `stop` of one directory wait for each other.
func openLocked(dir string) (*cluster, error) {
	c, err := newCluster(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.path("state.json")); errors.Is(err, fs.ErrNotExist) {
		return nil, errNoCluster
	}
	if err := c.acquire(); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (c *cluster) acquire() error {
	// Go opens files close-on-exec: no daemon inherits the lock.
	file, err := os.OpenFile(c.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return err
	}
	c.lock = file
	return nil
}

func (c *cluster) release() {
	if c.lock != nil {
		c.lock.Close()
		c.lock = nil
	}
}

func (c *cluster) save() error {
	data, err := json.MarshalIndent(c.state, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(c.path("state.json"), append(data, '\n'), 0o600)
}

// writeFile replaces path at once: a reader sees the old or the new content.
func writeFile(path string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := temp.Write(data); err != nil {
		temp.Close()
		return err
	}
	if err := temp.Chmod(mode); err != nil {
		temp.Close()
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
