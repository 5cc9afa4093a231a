# The values that the old chart came with, but for an image that tells its version.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType:
    minWorkers: 0
    maxWorkers: 0
    CPU: 1
    memory: 1Gi
    GPU: 0
    rayResources: {}
    nodeSelector: {}
    tolerations: []
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    memory: 1Gi
    CPU: 1
    GPU: 0
    rayResources: {}
    nodeSelector: {}
    tolerations: []
operatorOnly: false
clusterOnly: false
namespacedOperator: false
operatorNamespace: default
operatorImage: rayproject/ray:latest
=== args
--name demo
