package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/pflag"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// cmdServiceAccount makes a namespace and an account in it, if missing, and
// writes a kubeconfig with a fresh token of that account. It gives no rights:
// those are the test's to grant.
func cmdServiceAccount(args []string) error {
	flags := pflag.NewFlagSet("serviceaccount", pflag.ContinueOnError)
	out := flags.String("out", "", "file for the kubeconfig (default: stdout)")
	duration := flags.Duration("duration", 24*time.Hour, "lifetime of the token, at least 10m")
	dir, rest, err := parse(flags, args, 2)
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
	ctx := context.Background()
	namespace, name := rest[0], rest[1]
	if err := ensureNamespace(ctx, client, namespace); err != nil {
		return err
	}
	accounts := client.CoreV1().ServiceAccounts(namespace)
	_, err = accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	seconds := int64(duration.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	request, err = accounts.CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	text, err := c.tokenKubeconfig(namespace, name, request.Status.Token)
	if err != nil {
		return err
	}
	if *out == "" {
		_, err = os.Stdout.Write(text)
		return err
	}
	return writeFile(*out, text, 0o600)
}

// ensureNamespace returns when pods can be created in the namespace.
func ensureNamespace(ctx context.Context, client kubernetes.Interface, name string) error {
	_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return waitServiceAccount(ctx, client, name, "default")
}
