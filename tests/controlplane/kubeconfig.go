package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"text/template"
)

// identities are the users who hold a client certificate. Each part has a name
// of its own, so that the audit log and its policy can tell them apart.
var identities = []struct{ user, group, file string }{
	{"admin", "system:masters", ""}, // becomes DIR/kubeconfig, when all is ready
	{"system:kube-controller-manager", "", "controller-manager.kubeconfig"},
	{"system:kube-scheduler", "", "scheduler.kubeconfig"},
	{"controlplane:kwok", "system:masters", "kwok.kubeconfig"},
	{"controlplane:tool", "system:masters", "tool.kubeconfig"}, // our own probes, nodes, tokens
	{"controlplane:load", "system:masters", "load.kubeconfig"},
}

// kubeconfigTemplate is in block style, one item a line, with everything
// embedded: small parsers can read it, and it still works when moved.
var kubeconfigTemplate = template.Must(template.New("kubeconfig").Parse(`apiVersion: v1
kind: Config
clusters:
- name: controlplane
  cluster:
    certificate-authority-data: {{.CA}}
    server: {{.Server}}
contexts:
- name: controlplane
  context:
    cluster: controlplane
{{- if .Namespace}}
    namespace: {{.Namespace}}
{{- end}}
    user: {{.User}}
current-context: controlplane
users:
- name: {{.User}}
  user:
{{- if .Token}}
    token: {{.Token}}
{{- else}}
    client-certificate-data: {{.Cert}}
    client-key-data: {{.Key}}
{{- end}}
`))

type kubeconfig struct {
	CA, Server, Namespace, User, Token, Cert, Key string
}

func (k kubeconfig) render() ([]byte, error) {
	var out bytes.Buffer
	err := kubeconfigTemplate.Execute(&out, k)
	return out.Bytes(), err
}

func (c *cluster) server() string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.state.Ports["apiserver"])
}

// writeKubeconfigs writes conf/*.kubeconfig and returns the administrator's.
func (c *cluster) writeKubeconfigs(ca *pair) (admin []byte, err error) {
	b64 := base64.StdEncoding.EncodeToString
	for _, id := range identities {
		var groups []string
		if id.group != "" {
			groups = []string{id.group}
		}
		p, err := clientPair(ca, id.user, groups...)
		if err != nil {
			return nil, err
		}
		text, err := kubeconfig{CA: b64(ca.certPEM), Server: c.server(), User: id.user,
			Cert: b64(p.certPEM), Key: b64(p.keyPEM)}.render()
		if err != nil {
			return nil, err
		}
		if id.file == "" {
			admin = text
		} else if err := writeFile(c.path("conf", id.file), text, 0o600); err != nil {
			return nil, err
		}
	}
	return admin, nil
}

// tokenKubeconfig is the kubeconfig of a ServiceAccount.
func (c *cluster) tokenKubeconfig(namespace, name, token string) ([]byte, error) {
	ca, err := os.ReadFile(c.path("pki", "ca.crt"))
	if err != nil {
		return nil, err
	}
	return kubeconfig{CA: base64.StdEncoding.EncodeToString(ca), Server: c.server(),
		Namespace: namespace, User: name, Token: token}.render()
}
