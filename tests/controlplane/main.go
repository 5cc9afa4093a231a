// Controlplane is a real Kubernetes control plane for tests, in one binary.
//
// The binary has many names. Called as etcd, kube-apiserver, kubelet and so on it
// is that program, unchanged; called with one of its own commands (up, down,
// kubectl, ...) it starts and steers such programs. One binary means one
// build, one cache entry and one version of everything.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"google.golang.org/grpc/grpclog"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// programs are the embedded daemons and clients. Each returns its exit code
// and finds its arguments in os.Args, os.Args[0] being its own name. kubelet
// and kube-proxy are not part of `up`: they are here for tests that make a
// real node out of the same binary.
var programs = map[string]func() int{
	"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kube-proxy":              func() int { return cli.Run(proxy.NewProxyCommand()) },
	"kubelet":                 func() int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
	"kwok":                    runKwok,
}

// commands are our own. They get the arguments behind the command's name.
var commands = map[string]func(args []string) error{
	"up":             cmdUp,
	"down":           cmdDown,
	"wait":           cmdWait,
	"status":         cmdStatus,
	"env":            cmdEnv,
	"start":          cmdStart,
	"stop":           cmdStop,
	"restart":        cmdRestart,
	"pause":          cmdPause,
	"resume":         cmdResume,
	"compact":        cmdCompact,
	"serviceaccount": cmdServiceAccount,
	"load":           cmdLoad,
	"kubectl":        cmdKubectl,
}

func main() {
	// argv[0] decides first, so that `ps` shows the daemons under their names.
	if run, ok := programs[filepath.Base(os.Args[0])]; ok {
		os.Exit(run())
	}
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	name, args := os.Args[1], os.Args[2:]
	switch name {
	case "help", "-h", "--help":
		fmt.Print(usage)
		return
	}
	if run, ok := programs[name]; ok {
		os.Args = os.Args[1:]
		os.Exit(run())
	}
	// etcd's client would tell every refused connection while we wait for etcd.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	run, ok := commands[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "controlplane: no command %q\n%s", name, usage)
		os.Exit(2)
	}
	if err := run(args); err != nil {
		fmt.Fprintf(os.Stderr, "controlplane: %s: %v\n", name, err)
		os.Exit(1)
	}
}

// cmdKubectl is kubectl as the administrator of DIR. It looks at nothing of
// the user's own: no kubeconfig, no kuberc, no cache in the home directory.
func cmdKubectl(args []string) error {
	if len(args) < 1 {
		return errors.New("needs DIR")
	}
	c, err := openCluster(args[0])
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.path("kubeconfig")); err != nil {
		return errNoCluster // kubectl would quietly try localhost:8080
	}
	for key, value := range map[string]string{
		"KUBECONFIG":   c.path("kubeconfig"),
		"KUBECACHEDIR": c.path("conf", "kubectl-cache"),
		"KUBERC":       "off",
	} {
		if err := os.Setenv(key, value); err != nil {
			return err
		}
	}
	os.Args = append([]string{"kubectl"}, args[1:]...)
	os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	return nil
}
