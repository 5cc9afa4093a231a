# What was the old operator's has no place in a cluster.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
operatorImage: rayproject/ray:2.0.0
operatorNamespace: ray
namespacedOperator: true
clusterOnly: true
=== args
--name demo
