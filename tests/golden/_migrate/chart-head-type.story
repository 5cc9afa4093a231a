# headPodType may name any of the types; the chart's own two are no more than names.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: boss
podTypes:
  boss: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
=== args
--name demo
