# The chart wanted whole CPUs. Half ones were given to the pod, and Ray counted them up.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 0.5, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1500m, memory: 1Gi}
=== args
--name demo
