package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const rayImage = "rayproject/ray:2.60.0"

// rayObjects are the objects of all clusters in the order in which an operator
// makes them: Service, head, workers. They have no owner: there is no
// RayCluster, and pods of a missing owner would be collected as garbage.
func rayObjects(server, namespace string, clusters, workers int) ([]task, error) {
	base := server + "/api/v1/namespaces/" + namespace
	tasks := make([]task, 0, clusters*(2+workers))
	add := func(kind string, object any) error {
		body, err := json.Marshal(object)
		tasks = append(tasks, task{base + "/" + kind, body})
		return err
	}
	for i := range clusters {
		cluster := fmt.Sprintf("raycluster-%05d", i)
		if err := add("services", headService(namespace, cluster)); err != nil {
			return nil, err
		}
		if err := add("pods", headPod(namespace, cluster)); err != nil {
			return nil, err
		}
		for w := range workers {
			if err := add("pods", workerPod(namespace, cluster, w)); err != nil {
				return nil, err
			}
		}
	}
	return tasks, nil
}

// rayClusters are the owners of what rayObjects makes by itself: the work of an
// operator under measurement.
func rayClusters(server, namespace string, clusters, workers int) ([]task, error) {
	tasks := make([]task, 0, clusters)
	pod := func(name string) map[string]any {
		size := map[string]string{"cpu": "1", "memory": "2Gi"}
		return map[string]any{"spec": map[string]any{"containers": []any{map[string]any{
			"name": name, "image": rayImage, "resources": map[string]any{"limits": size, "requests": size},
		}}}}
	}
	for i := range clusters {
		body, err := json.Marshal(map[string]any{
			"apiVersion": "ray.io/v1",
			"kind":       "RayCluster",
			"metadata":   map[string]any{"name": fmt.Sprintf("raycluster-%05d", i), "namespace": namespace},
			"spec": map[string]any{
				"rayVersion":    "2.52.0",
				"headGroupSpec": map[string]any{"rayStartParams": map[string]string{}, "template": pod("ray-head")},
				"workerGroupSpecs": []any{map[string]any{
					"groupName": "small", "replicas": workers, "minReplicas": 0, "maxReplicas": 10*workers + 10,
					"rayStartParams": map[string]string{}, "template": pod("ray-worker"),
				}},
			},
		})
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task{server + "/apis/ray.io/v1/namespaces/" + namespace + "/rayclusters", body})
	}
	return tasks, nil
}

func rayLabels(cluster, nodeType, group string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/created-by": "controlplane-load",
		"app.kubernetes.io/name":       "kuberay",
		"ray.io/cluster":               cluster,
		"ray.io/group":                 group,
		"ray.io/identifier":            cluster + "-" + nodeType,
		"ray.io/is-ray-node":           "yes",
		"ray.io/node-type":             nodeType,
	}
}

func headService(namespace, cluster string) *corev1.Service {
	port := func(name string, number int32) corev1.ServicePort {
		return corev1.ServicePort{Name: name, Port: number, TargetPort: intstr.FromInt32(number), Protocol: corev1.ProtocolTCP}
	}
	labels := rayLabels(cluster, "head", "headgroup")
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: cluster + "-head-svc", Namespace: namespace, Labels: labels},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone,
			Selector:  map[string]string{"ray.io/cluster": cluster, "ray.io/node-type": "head", "ray.io/is-ray-node": "yes"},
			Ports: []corev1.ServicePort{port("gcs-server", 6379), port("dashboard", 8265),
				port("client", 10001), port("metrics", 8080), port("serve", 8000)},
			PublishNotReadyAddresses: true,
		},
	}
}

func headPod(namespace, cluster string) *corev1.Pod {
	start := "ulimit -n 65536; ray start --head --block --dashboard-agent-listen-port=52365 --dashboard-host=0.0.0.0" +
		" --memory=4294967296 --metrics-export-port=8080 --num-cpus=1"
	pod := rayPod(namespace, cluster, "head", "headgroup", start, "127.0.0.1:6379")
	pod.Name = cluster + "-head"
	pod.Spec.Containers[0].Ports = []corev1.ContainerPort{
		{Name: "gcs-server", ContainerPort: 6379}, {Name: "dashboard", ContainerPort: 8265},
		{Name: "client", ContainerPort: 10001}, {Name: "metrics", ContainerPort: 8080}, {Name: "serve", ContainerPort: 8000},
	}
	return pod
}

func workerPod(namespace, cluster string, index int) *corev1.Pod {
	gcs := cluster + "-head-svc." + namespace + ".svc.cluster.local:6379"
	start := "ulimit -n 65536; ray start --address=" + gcs + " --block --dashboard-agent-listen-port=52365" +
		" --memory=4294967296 --metrics-export-port=8080 --num-cpus=1"
	pod := rayPod(namespace, cluster, "worker", "workers", start, gcs)
	pod.Name = fmt.Sprintf("%s-workers-worker-%05d", cluster, index)
	pod.Spec.InitContainers = []corev1.Container{{
		Name:    "wait-gcs-ready",
		Image:   rayImage,
		Command: []string{"/bin/bash", "-c", "--"},
		Args: []string{"SECONDS=0; while ! ray health-check --address " + gcs + " > /dev/null 2>&1; do" +
			" echo \"$SECONDS seconds elapsed: waiting for the GCS at " + gcs + "\"; sleep 5; done"},
		Resources: resources("200m", "256Mi"),
		Env:       pod.Spec.Containers[0].Env,
	}}
	pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "metrics", ContainerPort: 8080}}
	return pod
}

// rayPod is what head and workers have in common.
func rayPod(namespace, cluster, nodeType, group, start, address string) *corev1.Pod {
	field := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	probe := func(period, failures int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:        corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/api/healthz", Port: intstr.FromInt32(52365)}},
			InitialDelaySeconds: 10, TimeoutSeconds: 2, PeriodSeconds: period, SuccessThreshold: 1, FailureThreshold: failures,
		}
	}
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   namespace,
			Labels:      rayLabels(cluster, nodeType, group),
			Annotations: map[string]string{"ray.io/ft-enabled": "false", "ray.io/overwrite-container-cmd": "false"},
		},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name:    "ray-" + nodeType,
				Image:   rayImage,
				Command: []string{"/bin/bash", "-c", "--"},
				Args:    []string{start},
				Env: []corev1.EnvVar{
					{Name: "RAY_CLUSTER_NAME", ValueFrom: field("metadata.labels['ray.io/cluster']")},
					{Name: "RAY_CLOUD_INSTANCE_ID", ValueFrom: field("metadata.name")},
					{Name: "RAY_NODE_TYPE_NAME", ValueFrom: field("metadata.labels['ray.io/group']")},
					{Name: "KUBERAY_GEN_RAY_START_CMD", Value: start},
					{Name: "RAY_PORT", Value: "6379"},
					{Name: "RAY_ADDRESS", Value: address},
					{Name: "RAY_USAGE_STATS_KUBERAY_IN_USE", Value: "1"},
					{Name: "RAY_USAGE_STATS_EXTRA_TAGS", Value: "kuberay_version=v1.7.0;kuberay_crd=RayCluster"},
					{Name: "RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE", Value: "1"},
					{Name: "REDIS_PASSWORD"},
				},
				LivenessProbe:  probe(5, 120),
				ReadinessProbe: probe(5, 10),
				Resources:      resources("1", "4Gi"),
				VolumeMounts: []corev1.VolumeMount{
					{Name: "shared-mem", MountPath: "/dev/shm"},
					{Name: "ray-logs", MountPath: "/tmp/ray"},
				},
			}},
			Volumes: []corev1.Volume{
				{Name: "shared-mem", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
					Medium: corev1.StorageMediumMemory, SizeLimit: new(resource.MustParse("4Gi"))}}},
				{Name: "ray-logs", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			},
		},
	}
}

func resources(cpu, memory string) corev1.ResourceRequirements {
	list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	return corev1.ResourceRequirements{Requests: list, Limits: list}
}
