package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"
)

// serviceCIDR is where Services get addresses; the first is the API server's
// own, hence in its certificate.
const serviceCIDR = "10.96.0.0/16"

// A pair is a certificate with its key, both also as PEM.
type pair struct {
	cert            *x509.Certificate
	key             *ecdsa.PrivateKey
	certPEM, keyPEM []byte
}

// Every control plane has an authority of its own: a client that reaches the
// server of another one, on a port used again, is refused and not misled.
//
// Keys are P-256, because making one takes no time.
func (c *cluster) preparePKI() (ca *pair, err error) {
	caTemplate := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "controlplane-test-ca"},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	if ca, err = c.storedPair("ca", caTemplate, nil); err != nil {
		return nil, err
	}
	server := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
			"kubernetes.default.svc.cluster.local"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 96, 0, 1)},
	}
	if _, err = c.storedPair("server", server, ca); err != nil {
		return nil, err
	}
	// The key that signs ServiceAccount tokens. It must outlive a restart, or
	// tokens handed out before would be void; its certificate is not used.
	_, err = c.storedPair("sa", &x509.Certificate{Subject: pkix.Name{CommonName: "service-accounts"}}, ca)
	return ca, err
}

// clientPair makes a client certificate: a user and its groups.
func clientPair(ca *pair, user string, groups ...string) (*pair, error) {
	return newPair(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca)
}

// storedPair returns pki/NAME.crt and .key, made from template when missing.
func (c *cluster) storedPair(name string, template *x509.Certificate, issuer *pair) (*pair, error) {
	certFile, keyFile := c.path("pki", name+".crt"), c.path("pki", name+".key")
	if p, err := readPair(certFile, keyFile); !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	p, err := newPair(template, issuer)
	if err != nil {
		return nil, err
	}
	if err := writeFile(keyFile, p.keyPEM, 0o600); err != nil {
		return nil, err
	}
	return p, writeFile(certFile, p.certPEM, 0o644)
}

func readPair(certFile, keyFile string) (*pair, error) {
	p := &pair{}
	var err error
	if p.certPEM, err = os.ReadFile(certFile); err != nil {
		return nil, err
	}
	if p.keyPEM, err = os.ReadFile(keyFile); err != nil {
		return nil, err
	}
	certBlock, _ := pem.Decode(p.certPEM)
	keyBlock, _ := pem.Decode(p.keyPEM)
	if certBlock == nil || keyBlock == nil {
		return nil, fmt.Errorf("%s, %s: not PEM", certFile, keyFile)
	}
	if p.cert, err = x509.ParseCertificate(certBlock.Bytes); err != nil {
		return nil, err
	}
	p.key, err = x509.ParseECPrivateKey(keyBlock.Bytes)
	return p, err
}

// newPair signs template with issuer, or with its own key when issuer is nil.
func newPair(template *x509.Certificate, issuer *pair) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	template.NotBefore = time.Now().Add(-5 * time.Minute) // clocks differ a little
	template.NotAfter = time.Now().AddDate(1, 0, 0)
	// Go gives key identifiers to authorities only. Strict verifiers (Python's
	// VERIFY_X509_STRICT) want them everywhere.
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(public)
	template.SubjectKeyId = digest[:20]
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &pair{
		cert:    cert,
		key:     key,
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
	}, nil
}
