package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	fakeNodeAnnotation = "kwok.x-k8s.io/node"
	maxNodes           = 100 // each has a /16 of 10.0.0.0/8 for its pods
)

// createNodes makes the fake nodes: big enough that only a test that wants it
// runs out of room.
func createNodes(ctx context.Context, client kubernetes.Interface, n int, bare bool) error {
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("4000"),
		corev1.ResourceMemory:           resource.MustParse("16Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("16Ti"),
		corev1.ResourcePods:             resource.MustParse("5000"),
		"nvidia.com/gpu":                resource.MustParse("64"),
		"google.com/tpu":                resource.MustParse("64"),
	}
	for i := range n {
		name := fmt.Sprintf("node-%d", i)
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{
				Name:        name,
				Annotations: map[string]string{fakeNodeAnnotation: "fake"},
				Labels: map[string]string{
					"type":                          "kwok",
					"kubernetes.io/hostname":        name,
					"kubernetes.io/os":              "linux",
					"kubernetes.io/arch":            "amd64",
					"topology.kubernetes.io/region": "region-1",
					"topology.kubernetes.io/zone":   fmt.Sprintf("zone-%d", i%3),
				},
			},
			// kwok numbers pods through per node: without ranges of their own,
			// pods of two nodes would get the same address.
			Spec: corev1.NodeSpec{PodCIDR: fmt.Sprintf("10.%d.0.0/16", 128+i), PodCIDRs: []string{fmt.Sprintf("10.%d.0.0/16", 128+i)}},
			Status: corev1.NodeStatus{
				Allocatable: room,
				Capacity:    room,
				Addresses: []corev1.NodeAddress{
					{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.127.0.%d", i+1)},
					{Type: corev1.NodeHostName, Address: name},
				},
			},
		}
		if bare {
			delete(node.Labels, "topology.kubernetes.io/region")
			delete(node.Labels, "topology.kubernetes.io/zone")
		}
		_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// waitNodes waits until n nodes are Ready and have lost the taints that nodes
// get at birth.
func waitNodes(ctx context.Context, client kubernetes.Interface, n int) error {
	return poll(ctx, 60*time.Second, "nodes", func() error {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		ready := 0
		for _, node := range list.Items {
			for _, condition := range node.Status.Conditions {
				if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 0 {
					ready++
				}
			}
		}
		if ready < n {
			return fmt.Errorf("%d of %d are ready", ready, n)
		}
		return nil
	})
}

// waitServiceAccount waits for an account; no pod is admitted before it.
func waitServiceAccount(ctx context.Context, client kubernetes.Interface, namespace, name string) error {
	return poll(ctx, 60*time.Second, "ServiceAccount "+namespace+"/"+name, func() error {
		_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
		return err
	})
}

// proveWorking lets one pod live and die: scheduled by the scheduler, started
// by kwok, deleted by the garbage collector with its owner, removed by kwok.
// It happens in kube-public, where no test looks.
func proveWorking(ctx context.Context, client kubernetes.Interface) error {
	const namespace = "kube-public"
	if err := waitServiceAccount(ctx, client, namespace, "default"); err != nil {
		return err
	}
	owners, pods := client.CoreV1().ConfigMaps(namespace), client.CoreV1().Pods(namespace)
	owner, err := owners.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "controlplane-probe-"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:            owner.Name,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "probe"}}},
	}
	if _, err = pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return err
	}
	err = poll(ctx, 60*time.Second, "a first pod", func() error {
		pod, err := pods.Get(ctx, owner.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && pod.Status.PodIP != "" {
				return nil
			}
		}
		return fmt.Errorf("phase %s on node %q", pod.Status.Phase, pod.Spec.NodeName)
	})
	if err != nil {
		return err
	}
	if err := owners.Delete(ctx, owner.Name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return poll(ctx, 60*time.Second, "garbage collection", func() error {
		_, err := pods.Get(ctx, owner.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("the pod of a deleted owner still exists")
		}
		return err
	})
}
