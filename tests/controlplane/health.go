package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// toolConfig is the client configuration of our own work: a user of its own
// (the audit policy tells it apart) and no client-side rate limit.
func (c *cluster) toolConfig() (*rest.Config, error) {
	return c.restConfig("tool.kubeconfig")
}

func (c *cluster) restConfig(file string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.path("conf", file))
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.UserAgent = "controlplane"
	return config, nil
}

func (c *cluster) client() (*kubernetes.Clientset, error) {
	config, err := c.toolConfig()
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func (c *cluster) etcd() (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:   []string{fmt.Sprintf("http://127.0.0.1:%d", c.state.Ports["etcd"])},
		DialTimeout: 2 * time.Second,
		Logger:      zap.NewNop(),
	})
}

// healthy asks a component itself whether it is well.
func (c *cluster) healthy(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if name == "etcd" {
		return c.etcdHealthy(ctx)
	}
	config, err := c.toolConfig()
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	address := fmt.Sprintf("127.0.0.1:%d", c.state.Ports[name])
	switch name {
	case "kwok": // serves only once its controllers run
		return get(ctx, client, "http://"+address+"/healthz")
	case "controller-manager": // has no readyz
		return get(ctx, client, "https://"+address+"/healthz")
	default: // apiserver: all hooks done; scheduler: caches synced
		return get(ctx, client, "https://"+address+"/readyz")
	}
}

// etcdHealthy also compares the member's name, because etcd is reached without
// TLS: it must not be somebody else's etcd on a port we failed to get.
func (c *cluster) etcdHealthy(ctx context.Context) error {
	client, err := c.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	members, err := client.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, m := range members.Members {
		if m.Name == c.state.EtcdName {
			return nil
		}
	}
	return errors.New("another etcd answers on this port")
}

func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 500))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return nil
}

// waitHealthy waits until a component is well; it fails early when the
// process has ended.
func (c *cluster) waitHealthy(ctx context.Context, name string) error {
	return poll(ctx, 60*time.Second, name, func() error {
		if !c.state.Processes[name].alive() {
			return final{fmt.Errorf("%s ended:\n%s", name, c.logTail(name))}
		}
		return c.healthy(ctx, name)
	})
}

// final marks an error that waiting does not cure.
type final struct{ error }

// poll calls check until it succeeds, fails for good, or time is up; then the
// last reason is told.
func poll(ctx context.Context, limit time.Duration, what string, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := check()
		var last final
		if err == nil || errors.As(err, &last) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not ready: %w", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
