package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
)

// A task is one POST, its body made before the clock starts.
type task struct {
	url  string
	body []byte
}

// cmdLoad is the raw loader: it creates what an operator would create for N
// Ray clusters and does nothing else, so its time is the API server's share of
// an operator's time. Bodies are made beforehand and answers are read but not
// understood.
func cmdLoad(args []string) error {
	flags := pflag.NewFlagSet("load", pflag.ContinueOnError)
	clusters := flags.Int("clusters", 0, "number of Ray clusters")
	workers := flags.Int("workers", 0, "worker pods of each cluster")
	inflight := flags.Int("inflight", 32, "requests at a time")
	namespace := flags.String("namespace", "", "namespace, made if missing (default: load- and a random suffix)")
	owners := flags.Bool("rayclusters", false, "create the RayCluster objects, for an operator to fill, and nothing else")
	http2 := flags.Bool("http2", false, "one HTTP/2 connection instead of one HTTP/1.1 connection per request in flight")
	dir, _, err := parse(flags, args, 0)
	if err != nil {
		return err
	}
	if *clusters < 1 || *workers < 0 || *inflight < 1 {
		return errors.New("needs --clusters from 1, --workers from 0, --inflight from 1")
	}
	c, err := openCluster(dir)
	if err != nil {
		return err
	}
	if *namespace == "" {
		*namespace = "load-" + randomHex(3)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	if err := ensureNamespace(context.Background(), client, *namespace); err != nil {
		return err
	}
	make := rayObjects
	if *owners {
		make = rayClusters
	}
	tasks, err := make(c.server(), *namespace, *clusters, *workers)
	if err != nil {
		return err
	}
	poster, err := c.loadClient(*inflight, *http2)
	if err != nil {
		return err
	}
	seconds, retries, err := post(poster, tasks, *inflight)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		Clusters  int     `json:"clusters"`
		Pods      int     `json:"pods"`
		Services  int     `json:"services"`
		Seconds   float64 `json:"seconds"`
		Rate      float64 `json:"objectsPerSecond"`
		Inflight  int     `json:"inflight"`
		Retries   int64   `json:"retries"`
		Namespace string  `json:"namespace"`
	}{*clusters, *clusters * (1 + *workers), *clusters, seconds, float64(len(tasks)) / seconds, *inflight, retries, *namespace})
}

func (c *cluster) loadClient(inflight int, http2 bool) (*http.Client, error) {
	config, err := c.restConfig("load.kubeconfig")
	if err != nil {
		return nil, err
	}
	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:     tlsConfig,
		MaxIdleConns:        inflight,
		MaxIdleConnsPerHost: inflight,
		MaxConnsPerHost:     inflight,
		ForceAttemptHTTP2:   http2,
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Transport: transport, Timeout: 2 * time.Minute}, nil
}

// post sends all tasks in order, inflight at a time, and stops at the first
// refusal that is not "later, please".
func post(client *http.Client, tasks []task, inflight int) (seconds float64, retries int64, err error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var next, again atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range inflight {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(tasks)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				n, err := postOne(ctx, client, tasks[i])
				again.Add(n)
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start).Seconds(), again.Load(), context.Cause(ctx)
}

func postOne(ctx context.Context, client *http.Client, t task) (retries int64, err error) {
	for ; ; retries++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(t.body))
		if err != nil {
			return retries, err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("User-Agent", "controlplane-load")
		response, err := client.Do(request)
		if err != nil {
			return retries, err
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return retries, err
		}
		switch response.StatusCode {
		case http.StatusCreated:
			return retries, nil
		case http.StatusTooManyRequests:
			wait, _ := strconv.Atoi(response.Header.Get("Retry-After"))
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(max(wait, 1)) * time.Second):
			}
		default:
			return retries, fmt.Errorf("POST %s: %s: %.300s", t.url, response.Status, body)
		}
	}
}
