# The template printed what was there, so "2" and 2 are one.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: '2', memory: 2147483648}
  rayWorkerType: {minWorkers: '1', maxWorkers: '4', CPU: 1, memory: 1Gi, GPU: '1'}
=== args
--name demo
