package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// cmdCompact makes etcd forget all history: reads and watches that ask it for
// an older revision get 410 Gone from the API server. A watch may still be
// served from the API server's own cache; a restart empties that.
func cmdCompact(args []string) error {
	dir, _, err := parse(pflag.NewFlagSet("compact", pflag.ContinueOnError), args, 0)
	if err != nil {
		return err
	}
	c, err := openCluster(dir)
	if err != nil {
		return err
	}
	client, err := c.etcd()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	// Any read tells the current revision.
	head, err := client.Get(ctx, "compact")
	if err != nil {
		return err
	}
	if _, err = client.Compact(ctx, head.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		return err
	}
	fmt.Println(head.Header.Revision)
	return nil
}
