# What one file takes away a later one may bring again.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
=== a.yaml
podTypes: {rayWorkerType: null}
=== b.yaml
podTypes:
  rayWorkerType: {minWorkers: 2, maxWorkers: 7, CPU: 1, memory: 1Gi}
=== args
--name demo
