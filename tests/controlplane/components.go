package main

import (
	"fmt"
	"os"
	"strings"
)

// A component is one daemon of the control plane. Their order is the order of
// starting; stopping goes backwards.
type component struct {
	name    string
	program string
	args    func(c *cluster) []string
}

var components = []component{
	{"etcd", "etcd", etcdArgs},
	{"apiserver", "kube-apiserver", apiserverArgs},
	{"controller-manager", "kube-controller-manager", controllerManagerArgs},
	{"scheduler", "kube-scheduler", schedulerArgs},
	{"kwok", "kwok", kwokArgs},
}

func findComponent(name string) (component, error) {
	var names []string
	for _, comp := range components {
		if comp.name == name || comp.program == name {
			return comp, nil
		}
		names = append(names, comp.name)
	}
	return component{}, fmt.Errorf("no component %q: there are %s", name, strings.Join(names, ", "))
}

// launch starts a component and records it before anything else can fail.
func (c *cluster) launch(comp component) error {
	p, err := spawn(append([]string{comp.program}, comp.args(c)...), c.logFile(comp.name))
	if err != nil {
		return err
	}
	c.state.Processes[comp.name] = p
	return c.save()
}

func (c *cluster) logFile(name string) string { return c.path("log", name+".log") }

// logTail is the end of a component's log, for error messages.
func (c *cluster) logTail(name string) string {
	data, err := os.ReadFile(c.logFile(name))
	if err != nil {
		return err.Error()
	}
	if len(data) > 2000 {
		data = data[len(data)-2000:]
	}
	return string(data)
}

func etcdArgs(c *cluster) []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.state.Ports["etcd"])
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.state.Ports["etcd-peer"])
	return []string{
		"--name=" + c.state.EtcdName,
		"--data-dir=" + c.path("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=" + c.state.EtcdName + "=" + peer,
		// A test's data need not survive a power cut; it does survive a killed
		// process, and nothing waits for the disk.
		"--unsafe-no-fsync",
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	}
}

func apiserverArgs(c *cluster) []string {
	var admission []string
	if c.state.Bare {
		admission = append(admission, "--disable-admission-plugins=ServiceAccount")
	}
	return append(admission,
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.state.Ports["etcd"]),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.state.Ports["apiserver"]),
		// Nobody reaches the server as the Service `kubernetes`, and a loopback
		// address may not stand in Endpoints.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--tls-cert-file="+c.path("pki", "server.crt"),
		"--tls-private-key-file="+c.path("pki", "server.key"),
		"--client-ca-file="+c.path("pki", "ca.crt"),
		"--token-auth-file="+c.path("conf", "tokens.csv"),
		"--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+c.path("pki", "sa.key"),
		"--service-account-signing-key-file="+c.path("pki", "sa.key"),
		"--service-cluster-ip-range="+serviceCIDR,
		"--allow-privileged",
		"--audit-policy-file="+c.path("conf", "audit-policy.yaml"),
		"--audit-log-path="+c.path("audit.log"),
		"--audit-log-maxsize=0", // never rotated: a test reads one file
		// The scheduler binds as fast as it can; with the default limits a
		// thousand new pods make the server answer some bindings with 429.
		"--max-requests-inflight=1600",
		"--max-mutating-requests-inflight=800",
		"--profiling=false",
	)
}

func controllerManagerArgs(c *cluster) []string {
	return append(daemonArgs(c, "controller-manager"),
		// Controllers act as ServiceAccounts of kube-system, as in a real
		// cluster: default RBAC is written for that.
		"--use-service-account-credentials",
		"--service-account-private-key-file="+c.path("pki", "sa.key"),
		"--root-ca-file="+c.path("pki", "ca.crt"),
		// Fake nodes say once that they are ready and then no more: they must
		// not be missed, or they would be tainted and emptied. The short period
		// takes the taint of a node's birth away at once.
		"--node-monitor-grace-period=8760h",
		"--node-monitor-period=1s",
		"--concurrent-gc-syncs=40",
		"--concurrent-job-syncs=20",
	)
}

func schedulerArgs(c *cluster) []string { return daemonArgs(c, "scheduler") }

// daemonArgs are common to the controller manager and the scheduler. Nobody
// competes with them, so there is no election to wait for.
func daemonArgs(c *cluster, name string) []string {
	return []string{
		"--kubeconfig=" + c.path("conf", name+".kubeconfig"),
		"--leader-elect=false",
		"--kube-api-qps=2000",
		"--kube-api-burst=4000",
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.state.Ports[name]),
		"--tls-cert-file=" + c.path("pki", "server.crt"),
		"--tls-private-key-file=" + c.path("pki", "server.key"),
		"--profiling=false",
	}
}

func kwokArgs(c *cluster) []string {
	return []string{
		"--kubeconfig=" + c.path("conf", "kwok.kubeconfig"),
		"--config=" + c.path("conf", "kwok.yaml"),
		"--manage-nodes-with-annotation-selector=" + fakeNodeAnnotation + "=fake",
		fmt.Sprintf("--server-address=127.0.0.1:%d", c.state.Ports["kwok"]),
	}
}
