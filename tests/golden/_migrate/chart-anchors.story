# Anchors of YAML.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: &small {CPU: 1, memory: 1Gi}
  rayWorkerType:
    <<: *small
    minWorkers: 1
    maxWorkers: 2
=== args
--name demo
