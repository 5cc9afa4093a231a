# --set as helm reads it: keys, indexes, lists, types, and what a backslash takes away.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    tolerations:
      - {key: a, operator: Exists}
=== args
--name
demo
--set
image=rayproject/ray:2.1.0,podTypes.rayWorkerType.maxWorkers=12
--set
podTypes.rayWorkerType.tolerations[0].key=b
--set
podTypes.rayWorkerType.tolerations[1].key=c,podTypes.rayWorkerType.tolerations[1].operator=Exists
--set
podTypes.rayWorkerType.nodeSelector.example\.com/pool=x\,y
--set
podTypes.rayHeadType.rayResources.CPU=0
--set
imagePullSecrets={hub,other}
--set
podTypes.more.CPU=1,podTypes.more.memory=1Gi,podTypes.more.maxWorkers=1
--set
podTypes.rayWorkerType.nodeSelector.gone=null,podTypes.rayWorkerType.nodeSelector.empty=
