{{- /* The name of the RayCluster. Longer ones than the operator takes are refused here, where who can change them is looking. */ -}}
{{- define "ray-cluster.fullname" -}}
{{- $part := .Values.nameOverride | default .Chart.Name -}}
{{- $name := printf "%s-%s" .Release.Name $part -}}
{{- if .Values.fullnameOverride -}}
{{- $name = .Values.fullnameOverride -}}
{{- else if contains $part .Release.Name -}}
{{- $name = .Release.Name -}}
{{- end -}}
{{- if gt (len $name) 53 -}}
{{- fail (printf "the cluster would be called %q, which has %d characters, and a RayCluster may have 53: shorten the release's name or set fullnameOverride" $name (len $name)) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- /* {base, over}: maps are merged, all else is replaced, null takes a field away. (mergeOverwrite would lose what is false, 0 or empty.) */ -}}
{{- define "ray-cluster.over" -}}
{{- $out := deepCopy .base -}}
{{- range $key, $value := .over | default dict -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $out $key -}}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $out $key)) -}}
{{- $_ := set $out $key (include "ray-cluster.over" (dict "base" (get $out $key) "over" $value) | fromYaml) -}}
{{- else -}}
{{- $_ := set $out $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{- /* Of the pods, which nobody wants to replace because the chart has a new version. */ -}}
{{- define "ray-cluster.pod-labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end -}}

{{- /* {root, group}: the group's own image, field by field, over the chart's; with the policy. */ -}}
{{- define "ray-cluster.image" -}}
{{- $own := .group.image | default dict -}}
{{- $all := .root.Values.image | default dict -}}
{{- $tag := $own.tag | default $all.tag -}}
image: {{ printf "%s:%s" ($own.repository | default $all.repository) (kindIs "string" $tag | ternary $tag (toJson $tag)) | quote }}
{{- with $own.pullPolicy | default $all.pullPolicy }}
imagePullPolicy: {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* {root, group}: {env: [...]}. A variable may be there once: the group's takes the place of the common one. */ -}}
{{- define "ray-cluster.env" -}}
{{- $own := .group.containerEnv | default list -}}
{{- $names := dict -}}
{{- range $own }}{{ $_ := set $names .name true }}{{ end -}}
{{- $env := list -}}
{{- range (.root.Values.common | default dict).containerEnv | default list -}}
{{- if not (hasKey $names .name) }}{{ $env = append $env . }}{{ end -}}
{{- end -}}
{{- dict "env" (concat $env $own) | toYaml -}}
{{- end -}}

{{- /* A group's parameters of `ray start` as {params: {...}}: all values are text. Numbers go through JSON, which writes 1000000000 and not 1e+09. */ -}}
{{- define "ray-cluster.params" -}}
{{- $params := dict -}}
{{- range $name, $value := merge dict (.initArgs | default dict) (.rayStartParams | default dict) -}}
{{- $_ := set $params $name (kindIs "string" $value | ternary $value (toJson $value)) -}}
{{- end -}}
{{- dict "params" $params | toYaml -}}
{{- end -}}

{{- /* {root, group, name}: the template of a group's pods, with the Ray container `name`. */ -}}
{{- define "ray-cluster.template" -}}
{{- $group := .group -}}
{{- $container := dict "name" .name -}}
{{- $_ := merge $container (include "ray-cluster.image" . | fromYaml) -}}
{{- with (include "ray-cluster.env" . | fromYaml).env }}{{ $_ := set $container "env" . }}{{ end -}}
{{- range list "command" "args" "envFrom" "volumeMounts" "ports" "resources" "lifecycle" "securityContext" -}}
{{- $field := . -}}
{{- with get $group $field }}{{ $_ := set $container $field . }}{{ end -}}
{{- end -}}
{{- $container = include "ray-cluster.over" (dict "base" $container "over" $group.extraContainer) | fromYaml -}}
{{- $pod := dict "containers" (concat (list $container) ($group.sidecarContainers | default list)) -}}
{{- with .root.Values.imagePullSecrets }}{{ $_ := set $pod "imagePullSecrets" . }}{{ end -}}
{{- with $group.podSecurityContext }}{{ $_ := set $pod "securityContext" . }}{{ end -}}
{{- range list "initContainers" "volumes" "dnsConfig" "nodeSelector" "affinity" "tolerations" "priorityClassName" "priority" "topologySpreadConstraints" "restartPolicy" "runtimeClassName" "serviceAccountName" "resourceClaims" -}}
{{- $field := . -}}
{{- with get $group $field }}{{ $_ := set $pod $field . }}{{ end -}}
{{- end -}}
{{- $pod = include "ray-cluster.over" (dict "base" $pod "over" $group.extraPodSpec) | fromYaml -}}
{{- $labels := include "ray-cluster.over" (dict "base" (include "ray-cluster.pod-labels" .root | fromYaml) "over" $group.labels) | fromYaml -}}
{{- $meta := dict "labels" $labels -}}
{{- with $group.annotations }}{{ $_ := set $meta "annotations" . }}{{ end -}}
{{- dict "metadata" $meta "spec" $pod | toYaml -}}
{{- end -}}

{{- /* {root, name}: how many workers the autoscaler wants of a group by now; nothing where there is none, or no cluster yet, or none to ask. */ -}}
{{- define "ray-cluster.autoscaled" -}}
{{- if .root.Values.head.enableInTreeAutoscaling -}}
{{- $live := lookup "ray.io/v1" "RayCluster" .root.Release.Namespace (include "ray-cluster.fullname" .root) -}}
{{- range ($live.spec | default dict).workerGroupSpecs -}}
{{- if and (eq .groupName $.name) (hasKey . "replicas") }}{{ int64 .replicas }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* {root, group, name}: a worker group. 0 is a count too. An upgrade leaves the autoscaler's count as it is. */ -}}
{{- define "ray-cluster.worker-group" -}}
{{- $group := .group -}}
{{- $spec := dict "groupName" .name "numOfHosts" ($group.numOfHosts | default 1 | int64) -}}
{{- range $field, $default := dict "replicas" 0 "minReplicas" 0 "maxReplicas" 2147483647 -}}
{{- $said := and (hasKey $group $field) (not (kindIs "invalid" (get $group $field))) -}}
{{- $_ := set $spec $field ($said | ternary (get $group $field) $default | int64) -}}
{{- end -}}
{{- with include "ray-cluster.autoscaled" . }}{{ $_ := set $spec "replicas" (int64 .) }}{{ end -}}
{{- with (include "ray-cluster.params" $group | fromYaml).params }}{{ $_ := set $spec "rayStartParams" . }}{{ end -}}
{{- $_ := set $spec "template" (include "ray-cluster.template" (dict "root" .root "group" $group "name" "ray-worker") | fromYaml) -}}
{{- include "ray-cluster.over" (dict "base" $spec "over" $group.extraGroupSpec) -}}
{{- end -}}
