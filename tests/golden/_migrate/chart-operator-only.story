# No cluster is in these values.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
operatorOnly: true
=== args
--name
demo
=== code
0
=== notices
operatorOnly: there is no cluster in these values: nothing comes out
=== want.yaml
