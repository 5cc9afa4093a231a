# Pull secrets were the operator's; pods have them now. Both ways of writing them.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
imagePullSecrets:
  - {name: hub}
  - other
=== args
--name demo
