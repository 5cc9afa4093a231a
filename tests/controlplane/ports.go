package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// portNames are the listening sockets of one control plane.
var portNames = []string{"apiserver", "etcd", "etcd-peer", "controller-manager", "scheduler", "kwok"}

// choosePorts gives every socket a port that is free now. Ports of an earlier
// run are kept if they can be: kubeconfigs handed out then name them.
//
// Free ports are searched below the range the kernel uses for outgoing
// connections, and only then asked of the kernel (port 0), which answers from
// that very range. A client that retries against a stopped server on such a
// port would sooner or later get the port as its own source port, connect to
// itself, and keep the server from coming back.
func (c *cluster) choosePorts(apiserver int) error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, name := range portNames {
		wanted := c.state.Ports[name]
		if name == "apiserver" && apiserver != 0 {
			wanted = apiserver
		}
		l, err := holdPort(wanted)
		if err != nil {
			if name == "apiserver" && apiserver != 0 {
				return fmt.Errorf("port %d: %w", apiserver, err)
			}
			if l, err = anyPort(); err != nil {
				return err
			}
		}
		held = append(held, l) // held until all are chosen, so none is chosen twice
		c.state.Ports[name] = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

func holdPort(port int) (net.Listener, error) {
	if port == 0 {
		return nil, fmt.Errorf("no port asked for")
	}
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

func anyPort() (net.Listener, error) {
	const lowest = 20000
	first := 32768
	if data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(data), &first)
	}
	if first > lowest+1000 {
		for range 100 {
			if l, err := holdPort(lowest + rand.IntN(first-lowest)); err == nil {
				return l, nil
			}
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
