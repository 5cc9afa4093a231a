# Labels and annotations are kept but for those of tools; finalizers and owners are told.
=== cr.yaml
apiVersion: cluster.ray.io/v1
kind: RayCluster
metadata:
  name: demo
  namespace: team
  labels: {team: a, app.kubernetes.io/managed-by: Helm}
  annotations:
    note: b
    kopf.zalando.org/last-handled-configuration: '{}'
    meta.helm.sh/release-name: demo
    kubectl.kubernetes.io/last-applied-configuration: '{}'
  finalizers: [kopf.zalando.org/KopfFinalizerMarker, example.com/mine]
  ownerReferences:
    - {apiVersion: v1, kind: ConfigMap, name: x, uid: '1'}
  uid: '1'
  resourceVersion: '5'
  generation: 3
spec:
  maxWorkers: 3
  headPodType: head
  podTypes:
    - name: head
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: head-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: small
      minWorkers: 0
      maxWorkers: 3
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: small-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
